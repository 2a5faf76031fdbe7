using System.Text;
using Microsoft.Extensions.AI;

namespace LlmThrift.Tokens;

/// <summary>The tokens of images, sound, video and files.</summary>
/// <remarks>
/// Only images of readable size have published rules. Lengths of sound and video are guessed from the number of bytes at usual bit rates, pages of PDF files
/// from 50 kB a page, so these are estimates.
/// </remarks>
internal static class MediaTokens
{
    // 128 kbit/s, at 10 tokens a second for OpenAI.
    private const double BytesPerAudioToken = 1600;

    // 2 Mbit/s, at 263 tokens a second for Gemini.
    private const double BytesPerVideoToken = 950;

    // Pages of 50 kB; Anthropic names 1,500 to 3,000 tokens a page.
    private const double BytesPerPdfToken = 50_000 / 2_000.0;

    private const double BytesPerUnknownToken = 4;

    /// <summary>Where the bytes are elsewhere: ten seconds of sound, a page.</summary>
    private const int UnknownAudio = 100;
    private const int UnknownVideo = 2630;
    private const int UnknownFile = 2000;

    /// <summary>Adds one content.</summary>
    /// <param name="tally">The sum.</param>
    /// <param name="mediaType">Its media type.</param>
    /// <param name="bytes">Its bytes; none when only its address is known.</param>
    /// <param name="properties">Of which <c>detail</c> is an image's detail: low, high or auto.</param>
    public static void Count(
        ref RequestTokenCounter.Tally tally,
        string mediaType,
        ReadOnlySpan<byte> bytes,
        AdditionalPropertiesDictionary? properties
    )
    {
        if (mediaType.StartsWith("image/", StringComparison.OrdinalIgnoreCase))
        {
            CountImage(ref tally, bytes, IsLowDetail(properties));
            return;
        }

        if (!bytes.IsEmpty && IsText(mediaType))
        {
            tally.Text(Encoding.UTF8.GetString(bytes));
            return;
        }

        tally.IsEstimate = true;
        tally.Add(
            mediaType.StartsWith("audio/", StringComparison.OrdinalIgnoreCase) ? Guess(bytes, BytesPerAudioToken, UnknownAudio)
            : mediaType.StartsWith("video/", StringComparison.OrdinalIgnoreCase) ? Guess(bytes, BytesPerVideoToken, UnknownVideo)
            : mediaType.StartsWith("application/pdf", StringComparison.OrdinalIgnoreCase) ? Guess(bytes, BytesPerPdfToken, UnknownFile)
            : Guess(bytes, BytesPerUnknownToken, UnknownFile)
        );
    }

    private static void CountImage(ref RequestTokenCounter.Tally tally, ReadOnlySpan<byte> bytes, bool lowDetail)
    {
        if (!ImageSize.TryRead(bytes, out var width, out var height))
        {
            width = height = ImageTokens.UnknownSide;
            tally.IsEstimate |= !lowDetail;
        }

        tally.Add(ImageTokens.Count(ModelEncodings.BaseName(tally.Model.Id), width, height, lowDetail));
    }

    private static double Guess(ReadOnlySpan<byte> bytes, double bytesPerToken, int unknown) =>
        bytes.IsEmpty ? unknown : Math.Ceiling(bytes.Length / bytesPerToken);

    private static bool IsText(string mediaType) =>
        mediaType.StartsWith("text/", StringComparison.OrdinalIgnoreCase)
        || mediaType.StartsWith("application/json", StringComparison.OrdinalIgnoreCase)
        || mediaType.StartsWith("application/xml", StringComparison.OrdinalIgnoreCase)
        || mediaType.Contains("+json", StringComparison.OrdinalIgnoreCase)
        || mediaType.Contains("+xml", StringComparison.OrdinalIgnoreCase);

    private static bool IsLowDetail(AdditionalPropertiesDictionary? properties) =>
        properties is not null
        && properties.TryGetValue("detail", out var detail)
        && string.Equals(detail?.ToString(), "low", StringComparison.OrdinalIgnoreCase);
}
