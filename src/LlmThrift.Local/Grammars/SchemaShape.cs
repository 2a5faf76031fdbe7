using System.Text.Json;

namespace LlmThrift.Local.Grammars;

/// <summary>What one alternative of a schema asks of a value, with everything that applies at the same place brought together. Immutable.</summary>
/// <remarks>What it says of one type holds for values of that type only, as in JSON Schema.</remarks>
internal sealed record SchemaShape
{
    /// <summary>Asks nothing.</summary>
    public static SchemaShape Any { get; } = new();

    /// <summary>Where it comes from, for messages.</summary>
    public string Pointer { get; init; } = "";

    /// <summary>The types that are allowed.</summary>
    public SchemaTypes Types { get; init; } = SchemaTypes.All;

    /// <summary>The types that keywords speak of, such as of objects where there are <c>properties</c>; what is meant where no type is given.</summary>
    public SchemaTypes Hints { get; init; }

    /// <summary>The values that are allowed; null for all.</summary>
    public IReadOnlyList<JsonElement>? Values { get; init; }

    public bool IntegersOnly { get; init; }

    public ExactNumber? Minimum { get; init; }

    public bool IsMinimumExcluded { get; init; }

    public ExactNumber? Maximum { get; init; }

    public bool IsMaximumExcluded { get; init; }

    public ExactNumber? MultipleOf { get; init; }

    public int MinLength { get; init; }

    public int? MaxLength { get; init; }

    public IReadOnlyList<string> Patterns { get; init; } = [];

    public IReadOnlyList<string> Formats { get; init; } = [];

    /// <summary>Properties in the order in which they are written, each with the schemas that it meets.</summary>
    public IReadOnlyList<KeyValuePair<string, IReadOnlyList<SchemaLocation>>> Properties { get; init; } = [];

    public IReadOnlyList<string> Required { get; init; } = [];

    /// <summary>What other properties meet.</summary>
    public IReadOnlyList<SchemaLocation> Additional { get; init; } = [];

    /// <summary>Whether other properties are asked for, rather than merely not forbidden.</summary>
    public bool IsAdditionalWanted { get; init; }

    public int MinProperties { get; init; }

    public int? MaxProperties { get; init; }

    /// <summary>What the first items meet.</summary>
    public IReadOnlyList<IReadOnlyList<SchemaLocation>> Prefix { get; init; } = [];

    /// <summary>What the items after them meet.</summary>
    public IReadOnlyList<SchemaLocation> Items { get; init; } = [];

    public int MinItems { get; init; }

    public int? MaxItems { get; init; }

    public bool UniqueItems { get; init; }

    /// <summary>The types of the values that are written: those given, or else those that keywords speak of.</summary>
    public SchemaTypes Written => Types == SchemaTypes.All && Hints != SchemaTypes.None ? Hints : Types;

    /// <summary>Whether it asks nothing.</summary>
    public bool IsAny => Types == SchemaTypes.All && Hints == SchemaTypes.None && Values is null;

    /// <summary>Both at once.</summary>
    public SchemaShape And(SchemaShape other) =>
        new()
        {
            Pointer = Pointer.Length > 0 ? Pointer : other.Pointer,
            Types = Types & other.Types,
            Hints = Hints | other.Hints,
            Values =
                Values is null ? other.Values
                : other.Values is null ? Values
                : [.. Values.Where(one => other.Values.Any(two => JsonElement.DeepEquals(one, two)))],
            IntegersOnly = IntegersOnly || other.IntegersOnly,
            Minimum = Tighter(Minimum, other.Minimum, 1),
            IsMinimumExcluded = IsTighterExcluded(Minimum, IsMinimumExcluded, other.Minimum, other.IsMinimumExcluded, 1),
            Maximum = Tighter(Maximum, other.Maximum, -1),
            IsMaximumExcluded = IsTighterExcluded(Maximum, IsMaximumExcluded, other.Maximum, other.IsMaximumExcluded, -1),
            MultipleOf =
                MultipleOf is { } step && other.MultipleOf is { } otherStep
                    ? ExactNumber.LeastCommonMultiple(step, otherStep)
                    : MultipleOf ?? other.MultipleOf,
            MinLength = Math.Max(MinLength, other.MinLength),
            MaxLength = Least(MaxLength, other.MaxLength),
            Patterns = [.. Patterns.Union(other.Patterns, StringComparer.Ordinal)],
            Formats = [.. Formats.Union(other.Formats, StringComparer.Ordinal)],
            Properties = MergeProperties(other),
            Required = [.. Required.Union(other.Required, StringComparer.Ordinal)],
            Additional = [.. Additional.Union(other.Additional)],
            IsAdditionalWanted = IsAdditionalWanted || other.IsAdditionalWanted,
            MinProperties = Math.Max(MinProperties, other.MinProperties),
            MaxProperties = Least(MaxProperties, other.MaxProperties),
            Prefix =
            [
                .. Enumerable
                    .Range(0, Math.Max(Prefix.Count, other.Prefix.Count))
                    .Select(i => (IReadOnlyList<SchemaLocation>)[.. ItemAt(i).Union(other.ItemAt(i))]),
            ],
            Items = [.. Items.Union(other.Items)],
            MinItems = Math.Max(MinItems, other.MinItems),
            MaxItems = Least(MaxItems, other.MaxItems),
            UniqueItems = UniqueItems || other.UniqueItems,
        };

    /// <summary>What a property meets.</summary>
    public IReadOnlyList<SchemaLocation> PropertyOf(string name)
    {
        foreach (var (one, schemas) in Properties)
        {
            if (string.Equals(one, name, StringComparison.Ordinal))
            {
                return schemas;
            }
        }

        return Additional;
    }

    /// <summary>What the item at a place meets.</summary>
    public IReadOnlyList<SchemaLocation> ItemAt(int index) => index < Prefix.Count ? Prefix[index] : Items;

    private List<KeyValuePair<string, IReadOnlyList<SchemaLocation>>> MergeProperties(SchemaShape other)
    {
        var merged = new List<KeyValuePair<string, IReadOnlyList<SchemaLocation>>>();
        if (Properties.Count == 0 && other.Properties.Count == 0)
        {
            return merged;
        }

        var mine = Properties.ToDictionary(StringComparer.Ordinal);
        var others = other.Properties.ToDictionary(StringComparer.Ordinal);
        foreach (var name in mine.Keys.Union(others.Keys, StringComparer.Ordinal))
        {
            merged.Add(new(name, [.. mine.GetValueOrDefault(name, Additional).Union(others.GetValueOrDefault(name, other.Additional))]));
        }

        return merged;
    }

    private static int? Least(int? one, int? two) => one is null || two < one ? two : one;

    private static ExactNumber? Tighter(ExactNumber? one, ExactNumber? two, int sign) =>
        one is not { } a ? two
        : two is not { } b ? one
        : a.ComparedTo(b) * sign >= 0 ? one
        : two;

    private static bool IsTighterExcluded(ExactNumber? one, bool isOneExcluded, ExactNumber? two, bool isTwoExcluded, int sign)
    {
        if (one is not { } a || two is not { } b)
        {
            return one is null ? isTwoExcluded : isOneExcluded;
        }

        var order = a.ComparedTo(b) * sign;
        return order == 0 ? isOneExcluded || isTwoExcluded
            : order > 0 ? isOneExcluded
            : isTwoExcluded;
    }
}
