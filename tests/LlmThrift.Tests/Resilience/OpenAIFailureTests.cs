using System.ClientModel;
using System.ClientModel.Primitives;
using System.Net;
using LlmThrift.CostControls;
using LlmThrift.TestKit;
using LlmThrift.Tests.Docs;
using OpenAI.Chat;
using Xunit;

namespace LlmThrift.Tests.Resilience;

/// <summary>What OpenAI's package throws is understood without a reference to it.</summary>
public sealed class OpenAIFailureTests
{
    [Theory]
    [InlineData(429, true)]
    [InlineData(500, true)]
    [InlineData(400, false)]
    [InlineData(401, false)]
    public async Task Status_of_its_exception_decides_on_a_retry(int status, bool isRetried)
    {
        var failure = await FailureAsync((HttpStatusCode)status);
        using var bench = new ResilienceBench(attempt => attempt == 1 ? ScriptedAnswer.Failing(failure) : new ScriptedAnswer());

        var call = bench.AskAsync();
        await bench.PassPausesAsync(call);

        Assert.Equal(isRetried, call.IsCompletedSuccessfully);
        Assert.Equal(isRetried ? 2 : 1, bench.Provider.Calls);
    }

    [Fact]
    public async Task Wait_of_its_response_is_kept_by_the_code_of_the_docs()
    {
        var failure = await FailureAsync(HttpStatusCode.TooManyRequests);
        using var bench = new ResilienceBench(
            attempt => attempt == 1 ? ScriptedAnswer.Failing(failure) : new ScriptedAnswer(),
            (CostControlOptions o) => Snippets.RetryAfterOfOpenAI(o)
        );

        var call = bench.AskAsync();
        var paused = await bench.PassPausesAsync(call);

        await call;
        Assert.Equal(TimeSpan.FromSeconds(7), paused);
    }

    /// <summary>What OpenAI's client throws when its service answers with a status.</summary>
    internal static async Task<ClientResultException> FailureAsync(HttpStatusCode status)
    {
        using var http = new HttpClient(new Refusing(status));
        var options = Snippets.WithoutRetriesOfItsOwn();
        options.Transport = new HttpClientPipelineTransport(http);
        var client = new ChatClient("gpt-4o", new ApiKeyCredential("none"), options);
        return await Assert.ThrowsAsync<ClientResultException>(() => client.CompleteChatAsync("question"));
    }

    private sealed class Refusing(HttpStatusCode status) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var response = new HttpResponseMessage(status)
            {
                Content = new StringContent(
                    """{ "error": { "message": "no", "type": "requests", "code": "refused" } }""",
                    System.Text.Encoding.UTF8,
                    "application/json"
                ),
            };
            response.Headers.Add("Retry-After", "7");
            return Task.FromResult(response);
        }
    }
}
