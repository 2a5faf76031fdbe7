using System.Globalization;
using System.Text.Json;
using LlmThrift.Local.Grammars;
using Xunit;

namespace LlmThrift.Local.Tests.Grammars;

public sealed class JsonSchemaGrammarTests
{
    /// <summary>Schemas, documents that their grammars have, and documents that they do not have.</summary>
    public static TheoryData<string, string[], string[]> Keywords { get; } =
        new()
        {
            { """{"type":"null"}""", ["null"], ["true", "0", ""] },
            { """{"type":"boolean"}""", ["true", "false"], ["null", "\"true\""] },
            { """{"type":["integer","null"]}""", ["null", "0", "-7", "123456789012345"], ["1.5", "-0", "01", "1234567890123456", "\"1\""] },
            { """{"type":["integer","number"],"minimum":1,"maximum":2}""", ["1", "1.5", "2.0"], ["0.9", "2.1", "2.01"] },
            { """{"type":"number"}""", ["0", "-0.5", "12.25", "6.02e23", "1E-9"], ["01", ".5", "1.", "1e", "+1", "NaN"] },
            { """{"type":"string","nullable":true}""", ["\"a\"", "null", "\"\""], ["1"] },
            { "true", ["1", "{\"a\": [1, {}]}", "\"x\""], ["{a:1}"] },
            { "{}", ["[[[[[[1]]]]]]", "null"], ["[[[[[[[[[1]]]]]]]]]", "[ 1]"] },
            {
                """{"enum":["a","ab","b\"\\","ü",1,1.5,null,[1,{"k":"v"}]]}""",
                ["\"a\"", "\"ab\"", "\"b\\\"\\\\\"", "\"ü\"", "1", "1.5", "null", "[1,{\"k\":\"v\"}]"],
                ["\"b\"", "2"]
            },
            { """{"type":"string","enum":["a",1],"maxLength":3}""", ["\"a\""], ["1"] },
            { """{"enum":["ab","b","abc"],"pattern":"^a","maxLength":2}""", ["\"ab\""], ["\"b\"", "\"abc\""] },
            {
                """{"enum":[{"a":1},{"a":"x"},{"b":2},[1]],"type":"object","properties":{"a":{"type":"integer"}},"required":["a"]}""",
                ["{\"a\":1}"],
                ["{\"a\":\"x\"}", "{\"b\":2}", "[1]"]
            },
            { """{"const":{"a":[true]}}""", ["{\"a\":[true]}"], ["{}"] },
            { """{"const":"😀"}""", ["\"😀\""], ["\"x\""] },
            { """{"enum":["😀","😁","x"]}""", ["\"😀\"", "\"😁\""], ["\"\""] },
            {
                """{"type":"string","minLength":2,"maxLength":3}""",
                ["\"ab\"", "\"a\\n\\u00e9\"", "\"😀😀😀\"", "\"\\ud83d\\ude00x\""],
                ["\"a\"", "\"abcd\"", "\"\\ud83dx\"", "\"a\nb\"", "\"a\tb\""]
            },
            { """{"type":"string","maxLength":0}""", ["\"\""], ["\"a\""] },
            {
                """{"type":"string","pattern":"^[A-Z]{2}-\\d+$","maxLength":5}""",
                ["\"AB-1\"", "\"AB-12\""],
                ["\"AB-\"", "\"AB-123\"", "\"ab-1\""]
            },
            { """{"type":"string","pattern":"[0-9]+"}""", ["\"12\""], ["\"\"", "\"a1\""] },
            {
                """{"type":"string","pattern":"^https://","maxLength":12}""",
                ["\"https://\"", "\"https://a.b\""],
                ["\"http://\"", "\"https://abcdef\""]
            },
            {
                """{"type":"string","pattern":"^(?:a|bc)?[^a-z\"]\\.(?<x>\\x41|\\u00e9)$"}""",
                ["\"a1.A\"", "\"bcX.é\"", "\"\\\\.A\""],
                ["\"ax.A\"", "\"a\\\".A\"", "\"1xA\""]
            },
            { """{"type":"string","pattern":"^[\"\\\\\\n]{1,2}$"}""", ["\"\\\"\\n\"", "\"\\\\\""], ["\"n\"", "\"\\\"\\\"\\\"\""] },
            { """{"type":"string","pattern":"^a$|^b$"}""", ["\"a\"", "\"b\""], ["\"ab\""] },
            { """{"type":"string","pattern":"^a*b*$","minLength":3,"maxLength":4}""", ["\"aabb\"", "\"aab\""], ["\"a\"", "\"aaaaa\""] },
            {
                """{"type":"string","format":"date"}""",
                ["\"2024-02-29\"", "\"2000-02-29\"", "\"2023-12-31\""],
                ["\"2023-02-29\"", "\"1900-02-29\"", "\"2023-04-31\"", "\"2023-13-01\"", "\"2023-01-00\""]
            },
            {
                """{"type":"string","format":"date-time"}""",
                ["\"2023-12-31T23:59:59Z\"", "\"2023-12-31T23:59:59.123+05:30\""],
                ["\"2023-12-31\"", "\"2023-12-31T24:00:00Z\"", "\"2023-12-31T23:59:59\""]
            },
            { """{"type":"string","format":"time"}""", ["\"08:30:00Z\""], ["\"8:30\"", "\"08:60:00Z\""] },
            { """{"type":"string","format":"uuid"}""", ["\"123e4567-e89b-12d3-a456-426614174000\""], ["\"123e4567\""] },
            { """{"type":"string","format":"email"}""", ["\"jane.doe@example.com\""], ["\"jane\"", "\"a..b@c.de\"", "\"a@b\""] },
            {
                """{"type":"string","format":"uri","minLength":1,"maxLength":2083}""",
                ["\"https://example.com/a/b?q=1#x\"", "\"https://example.com/%20\""],
                ["\"example\"", "\"https://a b.c\"", "\"https://example.com/%2\""]
            },
            { """{"type":"string","format":"ipv4"}""", ["\"255.0.10.199\""], ["\"256.0.0.1\"", "\"1.2.3\"", "\"01.2.3.4\""] },
            { """{"type":"string","format":"colour"}""", ["\"anything\""], ["1"] },
            { """{"type":"integer","format":"int32"}""", ["2147483647", "-2147483648"], ["2147483648", "-2147483649"] },
            {
                """{"type":"integer","minimum":-12,"maximum":305}""",
                ["-12", "-1", "0", "9", "10", "99", "305"],
                ["-13", "306", "1000", "-0"]
            },
            { """{"type":"integer","exclusiveMinimum":99,"exclusiveMaximum":101}""", ["100"], ["99", "101"] },
            { """{"type":"integer","minimum":0.5,"maximum":2.5}""", ["1", "2"], ["0", "3"] },
            {
                """{"type":"integer","minimum":9223372036854775806,"maximum":9223372036854775807}""",
                ["9223372036854775806", "9223372036854775807"],
                ["9223372036854775808"]
            },
            { """{"type":"integer","minimum":5,"exclusiveMinimum":true}""", ["6"], ["5"] },
            { """{"type":"integer","maximum":-1e2}""", ["-100", "-101"], ["-99", "0"] },
            { """{"type":"number","minimum":0,"exclusiveMaximum":1}""", ["0", "0.0", "0.999"], ["1", "1.0", "-0.1", "0."] },
            {
                """{"type":"number","exclusiveMinimum":-1,"maximum":10}""",
                ["-0.5", "-0.99", "0", "9.99", "10", "10.0"],
                ["-1", "-1.0", "10.01", "11"]
            },
            { """{"type":"number","exclusiveMinimum":0,"exclusiveMaximum":1}""", ["0.01", "0.5"], ["0", "0.0", "1"] },
            { """{"type":"number","minimum":-2.25,"maximum":-1.5}""", ["-2.25", "-1.5", "-2", "-1.999"], ["-2.26", "-1.49", "-3", "-1"] },
            { """{"type":"number","minimum":0.125,"maximum":0.25}""", ["0.125", "0.2", "0.1251", "0.25"], ["0.12", "0.251", "0.3"] },
            { """{"type":"number","multipleOf":0.01,"minimum":0}""", ["0", "19.99", "1.5"], ["19.999", "-1"] },
            { """{"type":"number","multipleOf":2.5,"minimum":-3,"maximum":5}""", ["-2.5", "0", "2.5", "5"], ["1", "7.5"] },
            { """{"type":"integer","multipleOf":7,"minimum":0,"maximum":30}""", ["0", "7", "28"], ["6", "35"] },
            { """{"type":"integer","multipleOf":100}""", ["0", "300", "-12300"], ["50", "000", "-0"] },
            { """{"type":"integer","allOf":[{"multipleOf":2},{"multipleOf":3}],"minimum":1,"maximum":13}""", ["6", "12"], ["2", "3"] },
            {
                """{"type":"array","items":{"type":"boolean"},"minItems":1,"maxItems":3}""",
                ["[true]", "[true, false,true]"],
                ["[]", "[true,true,true,true]", "[1]", "[true,  true]"]
            },
            { """{"type":"array"}""", ["[]", "[1,\"a\"]"], ["{}"] },
            { """{"type":"array","maxItems":0}""", ["[]"], ["[1]"] },
            {
                """{"type":"array","prefixItems":[{"type":"integer"},{"type":"string"}],"minItems":1}""",
                ["[1]", "[1, \"a\"]"],
                ["[]", "[\"a\"]", "[1,\"a\",2]"]
            },
            {
                """{"type":"array","prefixItems":[{"type":"integer"}],"items":{"type":"null"},"minItems":2,"maxItems":3}""",
                ["[1,null]", "[1,null,null]"],
                ["[1]", "[1,2]", "[1,null,null,null]"]
            },
            { """{"type":"array","items":[{"type":"integer"}],"additionalItems":false}""", ["[1]", "[]"], ["[1,1]"] },
            { """{"type":"array","items":{"enum":[1,2,3]},"uniqueItems":true,"minItems":2}""", ["[3,1]", "[1,2,3]"], ["[1]", "[1,1]"] },
            {
                """{"type":"array","items":{"enum":[1,2,3,4,5,6,7,8]},"uniqueItems":true,"minItems":2,"maxItems":3}""",
                ["[1,8]", "[2,3,4]"],
                ["[1]", "[1,1]", "[1,2,3,4]"]
            },
            { """{"type":"array","items":{"type":"string"},"uniqueItems":true,"maxItems":1}""", ["[]", "[\"a\"]"], ["[\"a\",\"b\"]"] },
            { """{"type":"array","items":{"type":["boolean","null"]},"uniqueItems":true}""", ["[]", "[null,true,false]"], ["[true,true]"] },
            {
                """{"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"null"},"c":{"type":"boolean"}},"required":["b"]}""",
                ["{\"b\":null}", "{\"a\":1, \"b\": null,\"c\":true}", "{\"b\":null,\"c\":false}"],
                ["{}", "{\"a\":1}", "{\"b\":null,\"a\":1}", "{\"b\":null,\"x\":1}", "{,\"b\":null}"]
            },
            { """{"type":"object","properties":{"a":{"type":"integer"}}}""", ["{}", "{\"a\":1}"], ["{\"a\":\"1\"}", "{\"a\":1,\"a\":2}"] },
            { """{"type":"object"}""", ["{}", "{\"any\":{\"thing\":[1]}}"], ["[]"] },
            { """{"type":"object","additionalProperties":false}""", ["{}"], ["{\"a\":1}"] },
            {
                """{"type":"object","additionalProperties":{"type":"integer"}}""",
                ["{}", "{\"x\":1,\"y\":2}"],
                ["{\"x\":\"1\"}", "{\"\":1}"]
            },
            {
                """{"type":"object","properties":{"ab":{"type":"null"},"a\"":{"type":"null"}},"required":["ab"],"additionalProperties":{"type":"integer"}}""",
                ["{\"ab\":null,\"a\":1,\"abc\":2}", "{\"ab\":null,\"b\":1}"],
                ["{\"ab\":null,\"ab\":1}", "{\"a\":1}"]
            },
            {
                """{"type":"object","properties":{"a":{"const":1},"b":{"const":1},"c":{"const":1}},"minProperties":1,"maxProperties":2}""",
                ["{\"a\":1}", "{\"b\":1,\"c\":1}"],
                ["{}", "{\"a\":1,\"b\":1,\"c\":1}"]
            },
            {
                """{"type":"object","additionalProperties":{"const":1},"minProperties":1,"maxProperties":2}""",
                ["{\"a\":1}", "{\"a\":1,\"b\":1}"],
                ["{}", "{\"a\":1,\"b\":1,\"c\":1}"]
            },
            { """{"type":"object","required":["a b"],"additionalProperties":{"type":"integer"}}""", ["{\"a b\":1}"], ["{\"a\":1}", "{}"] },
            { """{"properties":{"a":{"type":"integer"}},"required":["a"]}""", ["{\"a\":1}"], ["1", "{}"] },
            {
                """{"type":"object","properties":{"a":{"type":"integer"}},"anyOf":[{"required":["a"]},{"properties":{"b":{"const":2}},"required":["b"]}]}""",
                ["{\"a\":1}", "{\"a\":1,\"b\":2}", "{\"b\":2}"],
                ["{}"]
            },
            { """{"anyOf":[{"type":"integer"},{"type":"string","maxLength":1},false]}""", ["1", "\"a\""], ["\"ab\"", "null"] },
            { """{"oneOf":[{"type":"integer"},{"type":"string"},{"enum":[null,1.5]}]}""", ["1", "\"a\"", "1.5", "null"], ["true"] },
            {
                """{"oneOf":[{"properties":{"kind":{"const":"a"},"x":{"type":"integer"}},"required":["kind"]},{"properties":{"kind":{"const":"b"}},"required":["kind"]}]}""",
                ["{\"kind\":\"a\",\"x\":1}", "{\"kind\":\"b\"}"],
                ["{\"kind\":\"c\"}", "{}", "{\"kind\":\"b\",\"x\":1}"]
            },
            { """{"oneOf":[{"type":"integer","maximum":-1},{"type":"integer","minimum":1}]}""", ["-1", "1"], ["0"] },
            {
                """{"allOf":[{"type":"object","properties":{"a":{"type":"integer"}},"required":["a"]},{"properties":{"a":{"maximum":5},"b":{"type":"null"}}}]}""",
                ["{\"a\":5}", "{\"a\":0,\"b\":null}"],
                ["{\"a\":6}", "{}"]
            },
            {
                """{"allOf":[{"properties":{"a":{}},"additionalProperties":false},{"properties":{"a":{"type":"integer"},"b":{}}}],"type":"object"}""",
                ["{\"a\":1}", "{}"],
                ["{\"a\":\"x\"}", "{\"b\":1}"]
            },
            {
                """{"allOf":[{"type":["string","null"]},{"type":["string","integer"],"maxLength":2}]}""",
                ["\"ab\""],
                ["null", "1", "\"abc\""]
            },
            {
                """{"allOf":[{"properties":{"a":{"const":1}}}],"type":"object","unevaluatedProperties":false}""",
                ["{\"a\":1}", "{}"],
                ["{\"b\":1}"]
            },
            { """{"$ref":"#/$defs/n~1a~0b","$defs":{"n/a~b":{"type":"integer","minimum":3}}}""", ["3"], ["2"] },
            { """{"$ref":"#/definitions/x","maximum":4,"definitions":{"x":{"type":"integer","minimum":3}}}""", ["3", "4"], ["2", "5"] },
            {
                """{"type":"object","properties":{"v":{"type":"integer"},"next":{"anyOf":[{"$ref":"#"},{"type":"null"}]}},"required":["v"]}""",
                ["{\"v\":1}", "{\"v\":1,\"next\":{\"v\":2,\"next\":null}}"],
                ["{\"v\":1,\"next\":{}}"]
            },
            {
                """{"type":"object","properties":{"kids":{"type":"array","items":{"$ref":"#"}}},"required":["kids"]}""",
                ["{\"kids\":[]}", "{\"kids\":[{\"kids\":[]},{\"kids\":[]}]}"],
                ["{}", "{\"kids\":[1]}"]
            },
            { """{"type":"object","properties":{"a":false,"b":{"const":1}}}""", ["{\"b\":1}", "{}"], ["{\"a\":1}"] },
        };

    public static TheoryData<string, string, string> Refused { get; } =
        new()
        {
            { """{"not":{"type":"null"}}""", "not", "#" },
            { """{"type":"object","properties":{"a":{"if":{"type":"null"}}}}""", "if", "#/properties/a" },
            { """{"patternProperties":{"^a":{}}}""", "patternProperties", "#" },
            { """{"propertyNames":{"maxLength":3}}""", "propertyNames", "#" },
            { """{"type":"array","items":{"contains":{"const":1}}}""", "contains", "#/items" },
            { """{"dependentRequired":{"a":["b"]}}""", "dependentRequired", "#" },
            { """{"type":"array","items":{"type":"string"},"uniqueItems":true}""", "uniqueItems", "#" },
            { """{"type":"integer","multipleOf":7}""", "multipleOf", "#" },
            { """{"type":"string","pattern":"^(?=a)b$"}""", "pattern", "#" },
            { """{"type":"string","pattern":"(a)\\1"}""", "pattern", "#" },
            { """{"type":"string","pattern":"\\bx"}""", "pattern", "#" },
            { """{"type":"string","pattern":"(^a|b)"}""", "pattern", "#" },
            { """{"type":"string","pattern":"a{2"}""", "pattern", "#" },
            { """{"type":"string","pattern":"[a"}""", "pattern", "#" },
            { """{"type":"string","pattern":"a)"}""", "pattern", "#" },
            { """{"type":"string","pattern":"\\p{L}"}""", "pattern", "#" },
            { """{"type":"string","pattern":"^abc$","minLength":5}""", "pattern", "#" },
            { """{"type":"string","pattern":"^a","format":"date"}""", "format", "#" },
            { """{"type":"string","format":"date","maxLength":5}""", "format", "#" },
            { """{"type":"string","minLength":20000}""", "minLength", "#" },
            { """{"type":"array","minItems":5000}""", "minItems", "#" },
            { """{"oneOf":[{"type":"integer"},{"type":"number"}]}""", "oneOf", "#" },
            { """{"oneOf":[{"type":"object","required":["a"]},{"type":"object","required":["b"]}]}""", "oneOf", "#" },
            { """{"items":{"type":"null"},"oneOf":[{"type":"string","maxLength":5},{"type":"string","pattern":"^a$"}]}""", "oneOf", "#" },
            { """{"$ref":"#/$defs/none"}""", "$ref", "#" },
            { """{"$ref":"https://example.com/schema"}""", "$ref", "#" },
            { """{"$ref":"#anchor"}""", "$ref", "#" },
            { """{"$ref":"#"}""", "$ref", "#" },
            { """{"anyOf":[{"$ref":"#"},{"type":"null"}]}""", "$ref", "#" },
            { """{"type":"object","additionalProperties":true,"minProperties":3}""", "minProperties", "#" },
            { """{"type":"text"}""", "type", "#" },
            { """{"type":[]}""", "type", "#" },
            { """{"type":7}""", "type", "#" },
            { """{"properties":[]}""", "properties", "#" },
            { """{"properties":{"a":1}}""", "schema", "#/properties/a" },
            { """{"required":"a"}""", "required", "#" },
            { """{"enum":1}""", "enum", "#" },
            { """{"minLength":-1}""", "minLength", "#" },
            { """{"minimum":"1"}""", "minimum", "#" },
            { """{"multipleOf":0}""", "multipleOf", "#" },
            { """{"anyOf":[]}""", "anyOf", "#" },
            { """{"allOf":{}}""", "allOf", "#" },
            { """{"uniqueItems":1}""", "uniqueItems", "#" },
            { "[]", "schema", "#" },
            { "\"x\"", "schema", "#" },
            { "false", "schema", "#" },
            { """{"type":"integer","minimum":2,"maximum":1}""", "schema", "#" },
            { """{"type":"integer","minimum":0.1,"maximum":0.9}""", "schema", "#" },
            { """{"allOf":[{"type":"string"},{"type":"null"}]}""", "schema", "#" },
            { """{"type":"string","enum":[1]}""", "schema", "#" },
            { """{"type":"object","properties":{"a":{"$ref":"#"}},"required":["a"]}""", "schema", "#" },
            { """{"type":"object","required":["a"],"additionalProperties":false}""", "schema", "#" },
            { "{\"const\":\"\\ud800\"}", "schema", "#" },
        };

    [Theory]
    [MemberData(nameof(Keywords))]
    public void FromSchema_keyword_takes_valid_documents_and_no_others(string schema, string[] taken, string[] refused)
    {
        ArgumentNullException.ThrowIfNull(taken);
        ArgumentNullException.ThrowIfNull(refused);
        var root = JsonElement.Parse(schema);
        var grammar = new Gbnf(JsonSchemaGrammar.FromSchema(root));

        Assert.All(taken, document => Assert.True(grammar.Accepts(document), document));
        Assert.All(refused, document => Assert.False(grammar.Accepts(document), document));
        CheckSamples(root, grammar, samples: 100, seed: 1);
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public void FromSchema_what_cannot_be_expressed_is_named_with_its_place(string schema, string keyword, string place)
    {
        var exception = Assert.Throws<UnsupportedSchemaException>(() => JsonSchemaGrammar.FromSchema(JsonElement.Parse(schema)));

        Assert.Equal((keyword, place), (exception.Keyword, exception.Pointer));
    }

    [Fact]
    public void FromSchema_200_random_schemas_make_valid_documents()
    {
        var schemas = new RandomSchemas(seed: 20_26);
        var made = 0;
        for (var i = 0; made < 200; i++)
        {
            Assert.True(i < 400, "Too many schemas that no document meets.");
            var schema = schemas.Next();
            string text;
            try
            {
                text = JsonSchemaGrammar.FromSchema(schema);
            }
            catch (UnsupportedSchemaException exception) when (exception.Keyword is "schema" or "minProperties")
            {
                // By chance a required property asks for the impossible.
                continue;
            }

            CheckSamples(schema, new Gbnf(text), samples: 20, seed: i);
            made++;
        }
    }

    [Fact]
    public void AnyJson_makes_objects()
    {
        var grammar = new Gbnf(JsonSchemaGrammar.AnyJson);

        Assert.True(grammar.Accepts("""{"a": [1, 2.5e3, "x\n", {"b": null}], "ü": {}}"""));
        Assert.False(grammar.Accepts("[]"));
        Assert.False(grammar.Accepts("{}\n"));
        CheckSamples(JsonElement.Parse("""{"type":"object"}"""), grammar, samples: 100, seed: 2);
    }

    [Fact]
    public void FromSchema_no_maxLength_bounds_strings_and_arrays()
    {
        var text = new Gbnf(JsonSchemaGrammar.FromSchema(JsonElement.Parse("""{"type":"string"}""")));
        Assert.True(text.Accepts($"\"{new string('a', 500)}\""));
        Assert.False(text.Accepts($"\"{new string('a', 501)}\""));

        var array = new Gbnf(JsonSchemaGrammar.FromSchema(JsonElement.Parse("""{"type":"array","items":{"const":1}}""")));
        Assert.True(array.Accepts($"[{string.Join(',', Enumerable.Repeat(1, 50))}]"));
        Assert.False(array.Accepts($"[{string.Join(',', Enumerable.Repeat(1, 51))}]"));
    }

    [Theory]
    [InlineData(0, 5000)]
    [InlineData(4321, 5000)]
    [InlineData(1500, 1550)]
    [InlineData(900, 1001)]
    public void FromSchema_long_strings_are_within_their_bounds(int min, int max)
    {
        var schema = $$"""{"type":"string","minLength":{{min}},"maxLength":{{max}}}""";
        var grammar = new Gbnf(JsonSchemaGrammar.FromSchema(JsonElement.Parse(schema)));

        Assert.True(grammar.Accepts($"\"{new string('a', min)}\""));
        Assert.True(grammar.Accepts($"\"{new string('a', Math.Max(min, max - 99))}\""));
        Assert.False(grammar.Accepts($"\"{new string('a', max + 1)}\""));
        if (min > 0)
        {
            Assert.False(grammar.Accepts($"\"{new string('a', min - 1)}\""));
        }
    }

    [Theory]
    [InlineData(-1234, 56789)]
    [InlineData(17, 17)]
    [InlineData(95, 10203)]
    [InlineData(-70, -7)]
    [InlineData(0, 999)]
    [InlineData(1000, 2000)]
    public void FromSchema_bounded_integers_are_exactly_those(int min, int max)
    {
        var grammar = new Gbnf(
            JsonSchemaGrammar.FromSchema(JsonElement.Parse($$"""{"type":"integer","minimum":{{min}},"maximum":{{max}}}"""))
        );

        for (var number = min - 1500; number <= max + 1500; number += number > min + 3000 && number < max - 3000 ? 997 : 1)
        {
            var isIn = number >= min && number <= max;
            Assert.True(isIn == grammar.Accepts(number.ToString(CultureInfo.InvariantCulture)), $"{number}");
        }
    }

    [Fact]
    public void FromSchema_the_same_definition_twice_is_one_rule()
    {
        var properties = string.Join(
            ',',
            Enumerable.Range(0, 50).Select(i => $$""" "p{{i}}":{"$ref":"#/$defs/a","description":"{{i}}"} """)
        );
        var schema =
            """{"type":"object","properties":{"""
            + properties
            + """},"$defs":{"a":{"type":"object","properties":{"x":{"type":"string"},"y":{"type":"integer"}}}}}""";

        Assert.InRange(new Gbnf(JsonSchemaGrammar.FromSchema(JsonElement.Parse(schema))).RuleCount, 50, 170);
    }

    [Fact]
    public void FromSchema_too_much_is_an_exception_rather_than_a_giant()
    {
        // Each level doubles: 2^40 ways.
        var levels = string.Join(
            ',',
            Enumerable.Range(0, 40).Select(i => $$"""{"anyOf":[{"required":["a{{i}}"]},{"required":["b{{i}}"]}]}""")
        );
        Assert.Equal(
            "anyOf",
            Assert
                .Throws<UnsupportedSchemaException>(() => JsonSchemaGrammar.FromSchema(JsonElement.Parse($$"""{"allOf":[{{levels}}]}""")))
                .Keyword
        );

        var values = string.Join(',', Enumerable.Range(0, 2000));
        Assert.Equal(
            "enum",
            Assert
                .Throws<UnsupportedSchemaException>(() => JsonSchemaGrammar.FromSchema(JsonElement.Parse($$"""{"enum":[{{values}}]}""")))
                .Keyword
        );

        var patterns = string.Join(
            ',',
            Enumerable.Range(0, 900).Select(i => $$""" "p{{i}}":{"type":"string","pattern":"^[a-z]{""" + $"{i + 1},900" + """}x$"} """)
        );
        var large = JsonElement.Parse("""{"type":"object","properties":{""" + patterns + "}}");
        Assert.Contains(
            "too large",
            Assert.Throws<UnsupportedSchemaException>(() => JsonSchemaGrammar.FromSchema(large)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void FromSchema_hundreds_of_optional_properties_stay_linear()
    {
        var properties = string.Join(',', Enumerable.Range(0, 400).Select(i => $$""" "p{{i}}":{"type":"boolean"} """));
        var grammar = JsonSchemaGrammar.FromSchema(JsonElement.Parse("""{"type":"object","properties":{""" + properties + "}}"));

        Assert.InRange(grammar.Length, 10_000, 150_000);
        Assert.True(new Gbnf(grammar).Accepts("""{"p3":true,"p399":false}"""));
    }

    [Fact]
    public void FromSchema_deep_references_do_not_overflow_the_stack()
    {
        var definitions = string.Join(
            ',',
            Enumerable.Range(0, 3000).Select(i => $$""" "d{{i}}":{"type":"object","properties":{"n":{"$ref":"#/$defs/d{{i + 1}}" } } } """)
        );
        var schema = """{"$ref":"#/$defs/d0","$defs":{""" + definitions + ""","d3000":{"type":"null"}}}""";

        Assert.NotEmpty(JsonSchemaGrammar.FromSchema(JsonElement.Parse(schema)));
    }

    [Fact]
    public void FromSchema_grammars_are_ascii()
    {
        var grammar = JsonSchemaGrammar.FromSchema(JsonElement.Parse("""{"enum":["größe","😀","\u0001"]}"""));

        Assert.All(grammar, character => Assert.True(char.IsAscii(character)));
    }

    private static void CheckSamples(JsonElement schema, Gbnf grammar, int samples, int seed)
    {
        var random = new Random(seed);
        var judge = new SchemaJudge(schema);
        for (var i = 0; i < samples; i++)
        {
            Check(judge, grammar.Sample(random), schema.GetRawText());
        }
    }

    private static void Check(SchemaJudge judge, string text, string about)
    {
        try
        {
            using var document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 1000 });
            Assert.True(judge.Judge(document.RootElement) is not { } wrong, $"{about}\n{text}\n{judge.Judge(document.RootElement)}");
        }
        catch (JsonException exception)
        {
            Assert.Fail($"{about}\n{text}\n{exception.Message}");
        }
    }
}
