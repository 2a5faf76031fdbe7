namespace LlmThrift.Local.Grammars;

/// <summary>The texts of the formats that are known (RFC 3339, 4122, 5321, 3986): some of each at least, none outside it.</summary>
internal static class StringFormats
{
    private static readonly GrammarNode Digit = new GrammarNode.Class(CodePointSet.Digits);

    private static readonly GrammarNode Alphanumeric = new GrammarNode.Class(CodePointSet.Letters.Or(CodePointSet.Digits));

    public static bool IsKnown(string format) => format is "date" or "time" or "date-time" or "uuid" or "email" or "uri" or "url" or "ipv4";

    public static GrammarNode Build(string format) =>
        format switch
        {
            "date" => Date(),
            "time" => Time(),
            "date-time" => GrammarNode.Join(Date(), Text("T"), Time()),
            "uuid" => Uuid(),
            "email" => Email(),
            "ipv4" => IPv4(),
            _ => Uri(),
        };

    /// <summary>A day of the calendar in the years 1000 to 9999; 29 February in leap years only.</summary>
    private static GrammarNode Date()
    {
        var century = GrammarNode.Join(Set("123456789"), Digit);
        var dayOfAny = Either(Join(Text("0"), Set("123456789")), Join(Text("1"), Digit), Join(Text("2"), Set("012345678")));
        var day29And30 = Either(Text("29"), Text("30"));
        var fourth = Either(Join(Text("0"), Set("48")), Join(Set("2468"), Set("048")), Join(Set("13579"), Set("26")));
        var fourthCentury = Either(Join(Set("2468"), Set("048")), Join(Set("13579"), Set("26")));
        var anyMonth = Either(Join(Text("0"), Set("123456789")), Join(Text("1"), Set("012")));
        var monthOf30 = Either(Join(Text("0"), Set("13456789")), Join(Text("1"), Set("012")));
        var monthOf31 = Either(Join(Text("0"), Set("13578")), Join(Text("1"), Set("02")));
        return Either(
            Join(
                century,
                Digit,
                Digit,
                Text("-"),
                Either(Join(anyMonth, Text("-"), dayOfAny), Join(monthOf30, Text("-"), day29And30), Join(monthOf31, Text("-31")))
            ),
            Join(Either(Join(century, fourth), Join(fourthCentury, Text("00"))), Text("-02-29"))
        );
    }

    /// <summary>A time with its offset, without leap seconds.</summary>
    private static GrammarNode Time()
    {
        var hour = Either(Join(Set("01"), Digit), Join(Text("2"), Set("0123")));
        var sixty = Join(Set("012345"), Digit);
        return Join(
            hour,
            Text(":"),
            sixty,
            Text(":"),
            sixty,
            GrammarNode.Optional(Join(Text("."), GrammarNode.Times(Digit, 1, 6))),
            Either(Text("Z"), Join(Set("+-"), Either(Join(Text("0"), Digit), Join(Text("1"), Set("0123"))), Text(":"), sixty))
        );
    }

    private static GrammarNode Uuid()
    {
        var hex = new GrammarNode.Class(CodePointSet.HexDigits);
        var four = GrammarNode.Times(hex, 4, 4);
        return Join(
            GrammarNode.Times(hex, 8, 8),
            Text("-"),
            four,
            Text("-"),
            four,
            Text("-"),
            four,
            Text("-"),
            GrammarNode.Times(hex, 12, 12)
        );
    }

    private static GrammarNode Email()
    {
        var atom = GrammarNode.Times(new GrammarNode.Class(CodePointSet.Letters.Or(CodePointSet.Digits).Or(CodePointSet.Of("_+-"))), 1, 20);
        return Join(atom, GrammarNode.Times(Join(Text("."), atom), 0, 2), Text("@"), Host());
    }

    private static GrammarNode Uri()
    {
        var sign = Either(
            new GrammarNode.Class(CodePointSet.Letters.Or(CodePointSet.Digits).Or(CodePointSet.Of("-._~!$&'()*+,;=:@/"))),
            Join(Text("%"), new GrammarNode.Class(CodePointSet.HexDigits), new GrammarNode.Class(CodePointSet.HexDigits))
        );
        var scheme = Join(
            new GrammarNode.Class(new CodePointSet(('a', 'z'))),
            GrammarNode.Times(Set("abcdefghijklmnopqrstuvwxyz0123456789+.-"), 1, 9)
        );
        return Join(
            scheme,
            Text("://"),
            Host(),
            GrammarNode.Optional(Join(Text("/"), GrammarNode.Times(sign, 0, 60))),
            GrammarNode.Optional(Join(Text("?"), GrammarNode.Times(sign, 0, 40))),
            GrammarNode.Optional(Join(Text("#"), GrammarNode.Times(sign, 0, 20)))
        );
    }

    private static GrammarNode Host()
    {
        var label = Join(
            GrammarNode.Times(Alphanumeric, 1, 16),
            GrammarNode.Optional(Join(Text("-"), GrammarNode.Times(Alphanumeric, 1, 12)))
        );
        return Join(GrammarNode.Times(Join(label, Text(".")), 1, 3), GrammarNode.Times(new GrammarNode.Class(CodePointSet.Letters), 2, 10));
    }

    private static GrammarNode IPv4()
    {
        var part = Either(
            Digit,
            Join(Set("123456789"), Digit),
            Join(Text("1"), Digit, Digit),
            Join(Text("2"), Set("01234"), Digit),
            Join(Text("25"), Set("012345"))
        );
        return Join(GrammarNode.Times(Join(part, Text(".")), 3, 3), part);
    }

    private static GrammarNode Text(string text) => GrammarNode.Text(text);

    private static GrammarNode.Class Set(string characters) => new GrammarNode.Class(CodePointSet.Of(characters));

    private static GrammarNode Join(params GrammarNode[] parts) => GrammarNode.Join(parts);

    private static GrammarNode Either(params GrammarNode[] options) => GrammarNode.OneOf(options);
}
