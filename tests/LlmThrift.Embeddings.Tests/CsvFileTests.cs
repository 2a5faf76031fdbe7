using LlmThrift.Evaluation;
using Xunit;

namespace LlmThrift.Embeddings.Tests;

public sealed class CsvFileTests
{
    [Theory]
    [InlineData("a,b\n1,2\n", "a|b;1|2")]
    [InlineData("a,b\r\n1,2", "a|b;1|2")]
    [InlineData("\"x, y\",\"say \"\"hi\"\"\"\r\n", "x, y|say \"hi\"")]
    [InlineData("\"two\nlines\",", "two\nlines|")]
    [InlineData("\"\",b", "|b")]
    [InlineData("it's 6\" long,b", "it's 6\" long|b")]
    [InlineData("a\n\n\r\nb", "a;b")]
    [InlineData("", "")]
    public void Parse_gives_the_fields(string csv, string expected) =>
        Assert.Equal(expected, string.Join(';', CsvFile.Parse(new StringReader(csv)).Select(fields => string.Join('|', fields))));

    [Fact]
    public void Quoted_field_without_end_is_refused() =>
        Assert.Throws<InvalidDataException>(() => CsvFile.Parse(new StringReader("a,\"b")).ToList());
}
