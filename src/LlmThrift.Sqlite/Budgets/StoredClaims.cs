using LlmThrift.Budgets;
using LlmThrift.Sqlite.Database;
using LlmThrift.Stores;

namespace LlmThrift.Sqlite.Budgets;

/// <summary>The claims of a reservation, and how the accounts stood before, in the form in which they are kept.</summary>
internal static class StoredClaims
{
    public static void Write(
        BlobWriter writer,
        IReadOnlyList<BudgetClaim> claims,
        ReadOnlySpan<StoredAmount> amounts,
        IReadOnlyList<BudgetBalance> before
    )
    {
        writer.Clear();
        writer.Write(claims.Count);
        for (var index = 0; index < claims.Count; index++)
        {
            writer.Write(claims[index].Budget);
            writer.Write(claims[index].Group);
            writer.Write(claims[index].Slice.UtcTicks);
            writer.Write(amounts[index].Units);
            writer.Write(amounts[index].Billionths);
            writer.Write(before[index].Spent);
            writer.Write(before[index].Reserved);
        }
    }

    /// <summary>Nothing for what was settled without having been reserved.</summary>
    public static StoredClaim[] Read(ReadOnlySpan<byte> blob)
    {
        if (blob.IsEmpty)
        {
            return [];
        }

        var reader = new BlobReader(blob);
        var claims = new StoredClaim[reader.ReadInteger()];
        for (var index = 0; index < claims.Length; index++)
        {
            claims[index] = new StoredClaim(
                reader.ReadText(),
                reader.ReadText(),
                reader.ReadInteger(),
                new StoredAmount(reader.ReadInteger(), reader.ReadInteger()),
                new BudgetBalance(reader.ReadDecimal(), reader.ReadDecimal())
            );
        }

        return claims;
    }
}
