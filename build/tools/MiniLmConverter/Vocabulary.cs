using System.Text;
using System.Text.Json;
using LlmThrift.Embeddings.Model;

namespace MiniLmConverter;

/// <summary>The tokens, and the hash table that finds them.</summary>
internal static class Vocabulary
{
    private const string Continuation = "##";

    public static void Write(byte[] tokenizer, ModelFileWriter writer)
    {
        var model = JsonElement.Parse(tokenizer).GetProperty("model");
        var tokens = new string[ModelLayout.VocabularySize];
        foreach (var token in model.GetProperty("vocab").EnumerateObject())
        {
            tokens[token.Value.GetInt32()] = token.Name;
        }

        Require(model.GetProperty("type").GetString() == "WordPiece", "The tokenizer is not WordPiece.");
        Require(tokens[ModelLayout.UnknownId] == "[UNK]", "The unknown token is not where it is expected.");
        Require(tokens[ModelLayout.ClassifierId] == "[CLS]", "The first token of a text is not where it is expected.");
        Require(tokens[ModelLayout.SeparatorId] == "[SEP]", "The last token of a text is not where it is expected.");
        Require(tokens[..ModelLayout.FirstWordId].All(token => token is ['[', .., ']']), "A word is among the special tokens.");

        var bytes = new List<byte>();
        var entries = new uint[tokens.Length];
        var table = new ushort[1 << ModelLayout.TableBits];
        Array.Fill(table, ModelLayout.TableEmpty);
        for (var id = ModelLayout.FirstWordId; id < tokens.Length; id++)
        {
            // A word of two number signs is a word.
            var continues = tokens[id].Length > 2 && tokens[id].StartsWith(Continuation, StringComparison.Ordinal);
            var token = Encoding.UTF8.GetBytes(continues ? tokens[id][2..] : tokens[id]);
            Require(token.Length < 128, $"Token {id} is too long.");
            entries[id] =
                (uint)bytes.Count | ((uint)token.Length << ModelLayout.EntryLengthShift) | (continues ? ModelLayout.EntryContinues : 0);
            bytes.AddRange(token);

            var hash = token.Aggregate(
                continues ? ModelLayout.ContinuationSeed : ModelLayout.WordSeed,
                (hash, value) => (hash ^ value) * 16777619
            );
            var slot = ModelLayout.Slot(hash);
            while (table[slot] != ModelLayout.TableEmpty)
            {
                slot = (slot + 1) % (1 << ModelLayout.TableBits);
            }

            table[slot] = (ushort)id;
        }

        writer.Add<uint>(ModelLayout.VocabularyEntries, entries);
        writer.Add<byte>(ModelLayout.VocabularyBytes, bytes.ToArray());
        writer.Add<ushort>(ModelLayout.VocabularyTable, table);
    }

    private static void Require(bool holds, string problem)
    {
        if (!holds)
        {
            throw new InvalidDataException(problem);
        }
    }
}
