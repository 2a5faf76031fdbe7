using System.Buffers.Binary;
using LlmThrift.Tokens;
using Microsoft.Extensions.AI;
using Xunit;

namespace LlmThrift.Tests.Tokens;

public sealed class ImageTokensTests
{
    /// <summary>Examples of OpenAI's, Anthropic's and Google's pages, and others worked out by hand from their rules.</summary>
    [Theory]
    [InlineData("gpt-4o", 1024, 1024, false, 765)]
    [InlineData("gpt-4o", 2048, 4096, false, 1105)]
    [InlineData("gpt-4o", 4096, 8192, true, 85)]
    [InlineData("gpt-4o", 512, 512, false, 255)]
    [InlineData("gpt-4o-mini", 1024, 1024, false, 25501)]
    [InlineData("gpt-4o-mini", 1024, 1024, true, 2833)]
    [InlineData("gpt-5", 1024, 1024, false, 630)]
    [InlineData("o1", 1024, 1024, false, 675)]
    [InlineData("gpt-4.1-mini", 1024, 1024, false, 1659)]
    [InlineData("gpt-4.1-mini", 1800, 2400, false, 2353)]
    [InlineData("o4-mini", 32, 32, false, 2)]
    [InlineData("claude-sonnet-4-5", 1000, 1000, false, 1334)]
    [InlineData("claude-sonnet-4-5", 200, 200, false, 54)]
    [InlineData("claude-sonnet-4-5", 8000, 8000, false, 1600)]
    [InlineData("gemini-2.5-pro", 384, 384, false, 258)]
    [InlineData("gemini-2.5-pro", 960, 540, false, 516)]
    [InlineData("gpt-4.1-mini", 1, 30000, false, 1520)]
    [InlineData("gpt-4o", int.MaxValue, 1, false, 765)]
    public void Count_image_of_known_size_follows_published_rule(string model, int width, int height, bool lowDetail, int expected) =>
        Assert.Equal(expected, ImageTokens.Count(model, width, height, lowDetail));

    [Fact]
    public void TryRead_png_gives_size() =>
        AssertSize([0x89, .. "PNG\r\n\u001A\n"u8, 0, 0, 0, 13, .. "IHDR"u8, 0, 0, 2, 128, 0, 0, 1, 224]);

    [Fact]
    public void TryRead_gif_gives_size() => AssertSize([.. "GIF89a"u8, 0x80, 2, 0xE0, 1, 0]);

    [Fact]
    public void TryRead_jpeg_behind_other_segments_gives_size() =>
        AssertSize([0xFF, 0xD8, 0xFF, 0xE0, 0, 4, 1, 2, 0xFF, 0xC4, 0, 3, 9, 0xFF, 0xFF, 0xC2, 0, 17, 8, 1, 224, 2, 128, 3]);

    [Fact]
    public void TryRead_webp_of_each_kind_gives_size()
    {
        byte[] header = [.. "RIFF"u8, 0, 0, 0, 0, .. "WEBP"u8];
        AssertSize([.. header, .. "VP8X"u8, 10, 0, 0, 0, 0, 0, 0, 0, 0x7F, 2, 0, 0xDF, 1, 0]);
        AssertSize([.. header, .. "VP8 "u8, 9, 0, 0, 0, 0, 0, 0, 0x9D, 1, 0x2A, 0x80, 2, 0xE0, 1]);
        var lossless = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(lossless, 639 | (479 << 14));
        AssertSize([.. header, .. "VP8L"u8, 5, 0, 0, 0, 0x2F, .. lossless, 0, 0, 0, 0, 0]);
    }

    [Fact]
    public void TryRead_cut_or_damaged_header_is_unknown()
    {
        byte[] png = [0x89, .. "PNG\r\n\u001A\n"u8, 0, 0, 0, 13, .. "IHDR"u8, 0, 0, 2, 128, 0, 0, 1, 224];
        byte[] jpeg = [0xFF, 0xD8, 0xFF, 0xE0, 0, 0, 0xFF, 0xE0, 0xFF, 0xFF, 1, 2, 3, 4];
        for (var length = 0; length < png.Length; length++)
        {
            Assert.False(ImageSize.TryRead(png.AsSpan(0, length), out _, out _));
        }

        for (var length = 0; length <= jpeg.Length; length++)
        {
            Assert.False(ImageSize.TryRead(jpeg.AsSpan(0, length), out _, out _));
        }
    }

    [Fact]
    public void CountContents_image_detail_is_read_from_properties()
    {
        byte[] png = [0x89, .. "PNG\r\n\u001A\n"u8, 0, 0, 0, 13, .. "IHDR"u8, 0, 0, 4, 0, 0, 0, 4, 0];
        var counter = new RequestTokenCounter();
        var high = new DataContent(png, "image/png");
        var low = new DataContent(png, "image/png") { AdditionalProperties = new() { ["detail"] = "low" } };
        var unknown = new UriContent(new Uri("https://example.com/a.png"), "image/png");
        Assert.Equal(new TokenCount(765, IsEstimate: false), counter.CountContents([high], "gpt-4o"));
        Assert.Equal(new TokenCount(85, IsEstimate: false), counter.CountContents([low], "gpt-4o"));
        Assert.Equal(new TokenCount(765, IsEstimate: true), counter.CountContents([unknown], "gpt-4o"));
    }

    private static void AssertSize(byte[] file)
    {
        Assert.True(ImageSize.TryRead(file, out var width, out var height));
        Assert.Equal((640, 480), (width, height));
    }
}
