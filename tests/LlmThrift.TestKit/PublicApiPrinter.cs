using System.Reflection;
using System.Text;

namespace LlmThrift.TestKit;

/// <summary>Writes the public surface of an assembly as text, one line a member, in an order that does not change.</summary>
public static class PublicApiPrinter
{
    public static string Print(Assembly assembly)
    {
        var text = new StringBuilder();
        foreach (var type in assembly.GetExportedTypes().OrderBy(type => type.FullName, StringComparer.Ordinal))
        {
            text.Append(Declaration(type)).Append('\n');
            var members = type.GetMembers(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly)
                .Where(IsOwnDoing)
                .Select(Describe)
                .Order(StringComparer.Ordinal);
            foreach (var member in members)
            {
                text.Append("    ").Append(member).Append('\n');
            }
        }

        return text.ToString();
    }

    private static string Declaration(Type type)
    {
        var kind =
            type.IsEnum ? "enum"
            : type.IsInterface ? "interface"
            : typeof(Delegate).IsAssignableFrom(type) ? "delegate"
            : type.IsValueType ? "struct"
            : type is { IsAbstract: true, IsSealed: true } ? "static class"
            : type.IsSealed ? "sealed class"
            : type.IsAbstract ? "abstract class"
            : "class";
        var bases = type.GetInterfaces()
            .Where(i => i.IsPublic && !i.Name.StartsWith("IEquatable", StringComparison.Ordinal))
            .Where(_ => type is { IsEnum: false } && kind != "delegate")
            .Select(Name)
            .Order(StringComparer.Ordinal)
            .ToList();
        return $"{kind} {type.Namespace}.{Name(type)}{(bases.Count > 0 ? " : " + string.Join(", ", bases) : "")}";
    }

    /// <summary>Leaves out accessors, which their properties stand for, and what the compiler adds to records and delegates.</summary>
    private static bool IsOwnDoing(MemberInfo member) =>
        member switch
        {
            MethodInfo { IsSpecialName: true } method => method.Name.StartsWith("op_", StringComparison.Ordinal)
                && method.Name is not "op_Equality" and not "op_Inequality",
            MethodInfo method => method.Name
                is not ("Equals" or "GetHashCode" or "ToString" or "<Clone>$" or "Deconstruct" or "BeginInvoke" or "EndInvoke"),
            FieldInfo field => !field.IsSpecialName,
            Type => false,
            _ => true,
        };

    private static string Describe(MemberInfo member) =>
        member switch
        {
            ConstructorInfo constructor => $"new({Parameters(constructor)})",
            MethodInfo method => $"{Static(method.IsStatic)}{Name(method.ReturnType)} {method.Name}{Generic(method)}({Parameters(method)})",
            PropertyInfo property =>
                $"{Static(property.GetMethod?.IsStatic == true)}{Name(property.PropertyType)} {property.Name} {{ {Accessors(property)} }}",
            FieldInfo { IsLiteral: true } field => $"const {Name(field.FieldType)} {field.Name} = {field.GetRawConstantValue()}",
            FieldInfo field => $"{Static(field.IsStatic)}{Name(field.FieldType)} {field.Name}",
            EventInfo happening => $"event {Name(happening.EventHandlerType!)} {happening.Name}",
            _ => member.ToString()!,
        };

    private static string Static(bool isStatic) => isStatic ? "static " : "";

    private static string Generic(MethodInfo method) =>
        method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(Name))}>" : "";

    private static string Accessors(PropertyInfo property)
    {
        var set = property.SetMethod;
        var isInit = set?.ReturnParameter.GetRequiredCustomModifiers().Any(type => type.Name == "IsExternalInit") == true;
        return "get;"
            + (
                set?.IsPublic != true ? ""
                : isInit ? " init;"
                : " set;"
            );
    }

    private static string Parameters(MethodBase method)
    {
        var isExtension = method.IsDefined(typeof(System.Runtime.CompilerServices.ExtensionAttribute), inherit: false);
        return string.Join(
            ", ",
            method
                .GetParameters()
                .Select(
                    (p, i) =>
                        (isExtension && i == 0 ? "this " : "")
                        + Name(p.ParameterType)
                        + " "
                        + p.Name
                        + (p.IsOptional ? " = " + (p.DefaultValue ?? "null") : "")
                )
        );
    }

    private static string Name(Type type)
    {
        if (Nullable.GetUnderlyingType(type) is { } underlying)
        {
            return Name(underlying) + "?";
        }

        if (type.IsArray)
        {
            return Name(type.GetElementType()!) + "[]";
        }

        var name = type.IsNested && !type.IsGenericParameter ? Name(type.DeclaringType!) + "." + type.Name : type.Name;
        return type.IsGenericType ? $"{name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>" : name;
    }
}
