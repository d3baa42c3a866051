package dev.sluice.projection;

import dev.sluice.expression.Decimal;
import dev.sluice.expression.Time;
import dev.sluice.expression.Values;
import dev.sluice.log.Failure;
import dev.sluice.projection.definition.Aggregate;
import dev.sluice.projection.definition.Definition.Typed;
import dev.sluice.projection.definition.Definition.Typed.Kind;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A record class whose components are the columns of a row: records to cells, and back. Safe for any thread. */
final class RowType<R extends Record> {
    private static final Map<Class<?>, Kind> KINDS = Map.of(
            boolean.class, Kind.BOOLEAN,
            Boolean.class, Kind.BOOLEAN,
            int.class, Kind.INTEGER,
            Integer.class, Kind.INTEGER,
            long.class, Kind.INTEGER,
            Long.class, Kind.INTEGER,
            BigDecimal.class, Kind.NUMBER,
            String.class, Kind.TEXT,
            Instant.class, Kind.TIME);

    private final Constructor<R> constructor;
    private final List<Component> components;

    private RowType(Constructor<R> constructor, List<Component> components) {
        this.constructor = constructor;
        this.components = components;
    }

    /** @param type of the value, of a list: of its elements */
    private record Component(Typed column, Class<?> type, Method accessor) {}

    /** DEFINITION_INVALID names a component that no column can hold. */
    static <R extends Record> RowType<R> of(Class<R> type) {
        var declared = type.getRecordComponents();
        var components = Arrays.stream(declared).map(RowType::component).toList();
        try {
            var types = Arrays.stream(declared).map(RecordComponent::getType).toArray(Class<?>[]::new);
            var constructor = type.getDeclaredConstructor(types);
            constructor.setAccessible(true);
            return new RowType<>(constructor, components);
        } catch (NoSuchMethodException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static Component component(RecordComponent declared) {
        boolean isList = declared.getType() == List.class;
        Type type = isList && declared.getGenericType() instanceof ParameterizedType of
                ? of.getActualTypeArguments()[0]
                : declared.getType();
        var kind = type instanceof Class<?> plain ? plain.isEnum() ? Kind.TEXT : KINDS.get(plain) : null;
        if (kind == null) {
            throw Failure.of(
                    Failure.Kind.DEFINITION_INVALID,
                    "found " + declared.getGenericType().getTypeName() + " " + declared.getName() + " in "
                            + declared.getDeclaringRecord().getName()
                            + ", expected boolean, int, long, BigDecimal, String, Instant, an enum or a List of these:"
                            + " rows hold exact values");
        }
        declared.getAccessor().setAccessible(true);
        return new Component(new Typed(declared.getName(), kind, isList), (Class<?>) type, declared.getAccessor());
    }

    List<Typed> columns() {
        return components.stream().map(Component::column).toList();
    }

    /** The record of a row, null when it is not there. What the record's constructor throws comes as it is. */
    @Nullable
    R row(@Nullable Object[] cells) throws Exception {
        if (cells[0] == Typed.NO_ROW) {
            return null;
        }
        var values = new Object[cells.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = value(components.get(i), cells[i]);
        }
        return called(() -> constructor.newInstance(values));
    }

    /** The record of a row that is there. */
    R present(@Nullable Object[] cells) {
        try {
            return Objects.requireNonNull(row(cells), "a row that is there");
        } catch (RuntimeException thrown) {
            throw thrown;
        } catch (Exception thrown) {
            throw new IllegalStateException(thrown);
        }
    }

    private static @Nullable Object value(Component component, @Nullable Object cell) {
        if (cell instanceof List<?> cells) {
            return cells.stream().map(each -> scalar(component.type(), each)).toList();
        }
        return cell == null ? null : scalar(component.type(), cell);
    }

    private static Object scalar(Class<?> type, Object cell) {
        if (cell instanceof Decimal number) {
            var value = number.toBigDecimal();
            if (type == BigDecimal.class) {
                return value;
            }
            return type == int.class || type == Integer.class ? value.intValueExact() : (Object) value.longValueExact();
        }
        if (cell instanceof Time time) {
            return time.toInstant();
        }
        return type.isEnum() ? constant(type, (String) cell) : cell;
    }

    private static Object constant(Class<?> type, String name) {
        return Arrays.stream(type.getEnumConstants())
                .filter(constant -> ((Enum<?>) constant).name().equals(name))
                .findFirst()
                .orElseThrow(() -> Failure.of(
                        Failure.Kind.EVALUATION_FAILED,
                        "found " + name + " in a row, expected a constant of " + type.getSimpleName()));
    }

    /** The cells of a record; EVALUATION_FAILED names a column that cannot hold its value. */
    @Nullable
    Object[] cells(R row) throws Exception {
        var cells = new Object[components.size()];
        for (int i = 0; i < cells.length; i++) {
            var component = components.get(i);
            var value = called(() -> component.accessor().invoke(row));
            try {
                cells[i] = value == null ? null : cell(value);
            } catch (Failure | ArithmeticException refused) {
                throw Failure.of(
                        Failure.Kind.EVALUATION_FAILED,
                        "column " + component.column().name() + ": " + refused.getMessage());
            }
        }
        return cells;
    }

    private static Object cell(Object value) {
        if (value instanceof List<?> values) {
            if (values.size() > Aggregate.MAX_MEMBERS) {
                throw Failure.of(
                        Failure.Kind.EVALUATION_FAILED,
                        "found a list of " + values.size() + " values, expected at most " + Aggregate.MAX_MEMBERS);
            }
            var cells = new ArrayList<Object>(values.size());
            for (var each : values) {
                if (each == null) {
                    throw Failure.of(Failure.Kind.EVALUATION_FAILED, "found null in a list, expected values");
                }
                cells.add(cell(each));
            }
            return List.copyOf(cells);
        }
        if (value instanceof BigDecimal number) {
            return Decimal.of(number);
        }
        if (value instanceof Number number) {
            return Decimal.of(number.longValue());
        }
        if (value instanceof Instant moment) {
            return Time.of(moment);
        }
        return value instanceof Boolean ? value : text(value);
    }

    private static String text(Object value) {
        return Values.validText(value instanceof Enum<?> constant ? constant.name() : (String) value);
    }

    private interface Call<T> {
        T call() throws ReflectiveOperationException;
    }

    /** What the code that is called by reflection throws comes as it is. */
    private static <T> T called(Call<T> call) throws Exception {
        try {
            return call.call();
        } catch (InvocationTargetException thrown) {
            if (thrown.getCause() instanceof Error error) {
                throw error;
            }
            throw thrown.getCause() instanceof Exception cause ? cause : thrown;
        }
    }
}
