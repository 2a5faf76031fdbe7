using System.Text;
using LlmThrift.Tokens;

namespace LlmThrift.Evaluation.Traces;

/// <summary>Texts of a given number of tokens, more or less, each another one: pieces of a long text of common words.</summary>
internal sealed class TrafficText
{
    private const int Length = 2_000_000;

    private static readonly string[] Words = (
        "the of and to in is you that it he was for on are as with his they at be this have from or one had by word but not what all were we when your can said there use an each "
        + "which she do how their if will up other about out many then them these so some her would make like him into time has look two more write go see number no way could people "
        + "my than first water been call who its now find long down day did get come made may part order invoice delivery refund account customer password address payment shipment "
        + "return product question answer support contract price discount subscription agent report meeting project schedule document summary between another because without "
        + "several important different following available information service system development company business results"
    ).Split(' ');

    private readonly string _text;
    private readonly double _charactersPerToken;

    public TrafficText(int seed)
    {
        var random = new Random(seed);
        var text = new StringBuilder(Length + 100);
        var inSentence = 0;
        while (text.Length < Length)
        {
            text.Append(Words[random.Next(Words.Length)]);
            if (++inSentence > 6 && random.Next(8) == 0)
            {
                text.Append('.');
                inSentence = 0;
            }

            text.Append(' ');
        }

        _text = text.ToString();
        _charactersPerToken = 100_000d / RequestTokenCounter.Default.CountText(_text.AsSpan(0, 100_000), "gpt-4o").Tokens;
    }

    public string Of(int tokens, Random random)
    {
        var length = Math.Min(Length / 2, Math.Max(4, (int)(tokens * _charactersPerToken)));
        return _text.Substring(random.Next(Length - length), length);
    }
}
