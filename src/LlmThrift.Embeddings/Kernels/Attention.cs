using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LlmThrift.Embeddings.Model;

namespace LlmThrift.Embeddings.Kernels;

/// <summary>Self-attention of one head over one text.</summary>
internal static unsafe class Attention
{
    private const int Lanes = 8;
    private const int Depth = ModelLayout.HeadDimensions;
    private const int Dimensions = ModelLayout.Dimensions;

    /// <summary>For each token, the mean of the tokens' values, weighted by the softmax of its query's products with their keys.</summary>
    /// <param name="input">The head's queries in the first token's row; keys stand 384 behind them, values 768.</param>
    /// <param name="stride">From a token's row to the next.</param>
    /// <param name="tokens">The tokens of the text.</param>
    /// <param name="keys">Room for 32 rows of as many keys as there are tokens, rounded up to 16.</param>
    /// <param name="scores">Room for a score a token, rounded up to 16.</param>
    /// <param name="output">Takes 32 values for each token, in rows of 384.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Attend(float* input, int stride, int tokens, float* keys, float* scores, float* output)
    {
        var padded = (tokens + (2 * Lanes) - 1) & -(2 * Lanes);
        Transpose(input + Dimensions, stride, tokens, padded, keys);
        var values = input + (2 * Dimensions);
        for (var token = 0; token < tokens; token++)
        {
            var total = Softmax(input + (token * stride), keys, tokens, padded, scores);

            var sum0 = Vector256<float>.Zero;
            var sum1 = Vector256<float>.Zero;
            var sum2 = Vector256<float>.Zero;
            var sum3 = Vector256<float>.Zero;
            var row = values;
            for (var other = 0; other < tokens; other++, row += stride)
            {
                var weight = Vector256.Create(scores[other]);
                sum0 = Vector256.MultiplyAddEstimate(weight, Vector256.Load(row), sum0);
                sum1 = Vector256.MultiplyAddEstimate(weight, Vector256.Load(row + Lanes), sum1);
                sum2 = Vector256.MultiplyAddEstimate(weight, Vector256.Load(row + (2 * Lanes)), sum2);
                sum3 = Vector256.MultiplyAddEstimate(weight, Vector256.Load(row + (3 * Lanes)), sum3);
            }

            var factor = Vector256.Create(1 / total);
            var result = output + (token * Dimensions);
            (sum0 * factor).Store(result);
            (sum1 * factor).Store(result + Lanes);
            (sum2 * factor).Store(result + (2 * Lanes));
            (sum3 * factor).Store(result + (3 * Lanes));
        }
    }

    /// <summary>A row a dimension instead of a row a token; zeros behind the last token.</summary>
    private static void Transpose(float* source, int stride, int tokens, int padded, float* keys)
    {
        for (var dimension = 0; dimension < Depth; dimension++)
        {
            var row = keys + (dimension * padded);
            for (var token = 0; token < tokens; token++)
            {
                row[token] = source[(token * stride) + dimension];
            }

            new Span<float>(row + tokens, padded - tokens).Clear();
        }
    }

    /// <summary>Powers of e of a query's products with the keys, less the largest; gives their sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Softmax(float* query, float* keys, int tokens, int padded, float* scores)
    {
        for (var token = 0; token < padded; token += 2 * Lanes)
        {
            var first = Vector256<float>.Zero;
            var second = Vector256<float>.Zero;
            var column = keys + token;
            for (var dimension = 0; dimension < Depth; dimension++, column += padded)
            {
                var value = Vector256.Create(query[dimension]);
                first = Vector256.MultiplyAddEstimate(value, Vector256.Load(column), first);
                second = Vector256.MultiplyAddEstimate(value, Vector256.Load(column + Lanes), second);
            }

            first.Store(scores + token);
            second.Store(scores + token + Lanes);
        }

        // What lies behind the last token must weigh nothing.
        new Span<float>(scores + tokens, padded - tokens).Fill(float.MinValue);
        var largest = Vector256.Load(scores);
        for (var token = Lanes; token < padded; token += Lanes)
        {
            largest = Vector256.MaxNative(largest, Vector256.Load(scores + token));
        }

        var most = Vector256.Create(VectorMath.MaxOf(largest));
        var sum = Vector256<float>.Zero;
        for (var token = 0; token < padded; token += Lanes)
        {
            var power = VectorMath.Exp(Vector256.Load(scores + token) - most);
            power.Store(scores + token);
            sum += power;
        }

        return Vector256.Sum(sum);
    }
}
