package dev.sluice.command;

import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.BeanDescription;
import com.fasterxml.jackson.databind.DeserializationConfig;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.deser.BeanDeserializerModifier;
import com.fasterxml.jackson.databind.deser.std.DelegatingDeserializer;
import com.fasterxml.jackson.databind.introspect.Annotated;
import com.fasterxml.jackson.databind.introspect.AnnotatedMember;
import com.fasterxml.jackson.databind.introspect.AnnotatedParameter;
import com.fasterxml.jackson.databind.introspect.NopAnnotationIntrospector;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.type.CollectionType;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.util.Arrays;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Makes Jackson refuse whatever the derived schema of a record ({@link RecordSchema}) does not allow, so that what it reads need not be
 * held against that schema. It may refuse more: null as an element, and every Set, whose items a schema compares in its own way.
 */
final class StrictModule extends SimpleModule {
    private static final long serialVersionUID = 1L;

    @Override
    public void setupModule(SetupContext setup) {
        setup.addBeanDeserializerModifier(new Guards());
        setup.insertAnnotationIntrospector(new Required());
    }

    /** A component that is required must be there, and must not be null. */
    private static final class Required extends NopAnnotationIntrospector {
        private static final long serialVersionUID = 1L;

        @Override
        public @Nullable Boolean hasRequiredMarker(AnnotatedMember member) {
            return isRequired(member) ? true : null;
        }

        @Override
        public JsonSetter.Value findSetterInfo(Annotated member) {
            return JsonSetter.Value.construct(isRequired(member) ? Nulls.FAIL : null, Nulls.FAIL);
        }

        private static boolean isRequired(Annotated member) {
            return member instanceof AnnotatedParameter parameter
                    && parameter.getDeclaringClass().isRecord()
                    && RecordSchema.isRequired(
                            parameter.getDeclaringClass().getRecordComponents()[parameter.getIndex()]);
        }
    }

    private static final class Guards extends BeanDeserializerModifier {
        private static final long serialVersionUID = 1L;

        @Override
        public JsonDeserializer<?> modifyDeserializer(
                DeserializationConfig config, BeanDescription description, JsonDeserializer<?> deserializer) {
            var guard = guard(description.getBeanClass());
            return guard == null ? deserializer : new Guarded(deserializer, guard);
        }

        private static @Nullable Guard guard(Class<?> type) {
            if (type.isRecord()) {
                return parser -> parser.hasToken(JsonToken.START_OBJECT);
            }
            if (type == String.class) {
                return parser -> parser.hasToken(JsonToken.VALUE_STRING);
            }
            if (type == byte.class || type == Byte.class) { // Jackson takes 128 to 255 as well
                return parser -> parser.hasToken(JsonToken.VALUE_NUMBER_INT)
                        && parser.getLongValue() == (byte) parser.getLongValue();
            }
            if (RecordSchema.isWhole(type)) {
                return parser -> parser.hasToken(JsonToken.VALUE_NUMBER_INT);
            }
            if (RecordSchema.isNumber(type)) {
                return parser -> parser.currentToken().isNumeric();
            }
            if (type == boolean.class || type == Boolean.class) {
                return parser -> parser.currentToken().isBoolean();
            }
            var format = RecordSchema.format(type);
            return format == null ? null : text(ofFormat(format));
        }

        private static Predicate<String> ofFormat(String format) {
            var validator = CommandType.validator(JsonObject.of("type", "string", "format", format));
            return text -> Boolean.TRUE.equals(validator.validate(text).getValid());
        }

        private static Guard text(Predicate<String> allowed) {
            return parser -> parser.hasToken(JsonToken.VALUE_STRING) && allowed.test(parser.getText());
        }

        @Override
        public JsonDeserializer<?> modifyEnumDeserializer(
                DeserializationConfig config,
                JavaType type,
                BeanDescription description,
                JsonDeserializer<?> deserializer) {
            Set<String> names = Arrays.stream(type.getRawClass().getEnumConstants())
                    .map(constant -> ((Enum<?>) constant).name())
                    .collect(Collectors.toSet());
            return new Guarded(deserializer, text(names::contains));
        }

        @Override
        public JsonDeserializer<?> modifyCollectionDeserializer(
                DeserializationConfig config,
                CollectionType type,
                BeanDescription description,
                JsonDeserializer<?> deserializer) {
            return Set.class.isAssignableFrom(type.getRawClass())
                    ? new Guarded(deserializer, parser -> false)
                    : deserializer;
        }
    }

    @FunctionalInterface
    private interface Guard {
        boolean lets(JsonParser parser) throws IOException;
    }

    /** Reads a value only if it is there as the schema has it. */
    private static final class Guarded extends DelegatingDeserializer {
        private static final long serialVersionUID = 1L;

        private final transient Guard guard;

        Guarded(JsonDeserializer<?> deserializer, Guard guard) {
            super(deserializer);
            this.guard = guard;
        }

        @Override
        protected JsonDeserializer<?> newDelegatingInstance(JsonDeserializer<?> deserializer) {
            return new Guarded(deserializer, guard);
        }

        @Override
        public Object deserialize(JsonParser parser, DeserializationContext context) throws IOException {
            return guard.lets(parser)
                    ? super.deserialize(parser, context)
                    : context.handleUnexpectedToken(handledType(), parser);
        }
    }
}
