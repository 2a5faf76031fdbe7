using System.ClientModel;
using System.Globalization;
using Anthropic.Exceptions;

namespace ConsoleReplay.Running;

/// <summary>Says what a call failed of and what to do, without the service's own words, which may quote the prompt.</summary>
internal static class CallFailure
{
    public static string Describe(Exception failure) =>
        failure switch
        {
            ClientResultException { Status: > 0 } openAI => Describe(openAI.Status),
            AnthropicApiException anthropic => Describe((int)anthropic.StatusCode),
            HttpRequestException { StatusCode: { } status } => Describe((int)status),
            // The OpenAI package gathers the failures of its attempts.
            AggregateException { InnerExceptions: [.., var last] } => Describe(last),
            ClientResultException or HttpRequestException or IOException or AnthropicIOException =>
                "no connection to the service: check its address and the network",
            TimeoutException or OperationCanceledException => "the service did not answer in time",
            _ => failure.GetType().Name,
        };

    private static string Describe(int status) =>
        string.Create(CultureInfo.InvariantCulture, $"status {status}: ")
        + status switch
        {
            400 or 422 => "the service refused the request; a setting may not suit the model",
            401 or 403 => "the service refused the key; check it and what it may use",
            402 => "the account has no credit left",
            404 => "the service does not know the model or the address; check --model and OPENAI_BASE_URL",
            408 or 504 => "the service did not answer in time",
            413 => "the request is too long",
            429 => "too many requests, or the quota is used up; try a lower --concurrency",
            >= 500 => "the service failed; try again later",
            _ => "unexpected answer",
        };
}
