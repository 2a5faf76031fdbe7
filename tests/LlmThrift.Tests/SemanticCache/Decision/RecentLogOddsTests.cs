using LlmThrift.SemanticCache;
using Xunit;

namespace LlmThrift.Tests.SemanticCache.Decision;

public sealed class RecentLogOddsTests
{
    [Fact]
    public void Rising_holds_the_last_ones_in_order()
    {
        var random = new Random(1);
        var recent = new RecentLogOdds(50);
        var all = new List<float>();
        for (var i = 0; i < 400; i++)
        {
            // Few values, so that equal ones come and go.
            var logOdds = -random.Next(20) / 2f;
            all.Add(logOdds);
            recent.Add(logOdds);

            Assert.Equal(all.TakeLast(50).Order(), recent.Rising.ToArray());
        }

        Assert.Equal(400, recent.Count);
    }
}
