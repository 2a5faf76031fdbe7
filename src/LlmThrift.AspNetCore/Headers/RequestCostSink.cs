using LlmThrift.Metering;

namespace LlmThrift.AspNetCore.Headers;

/// <summary>Adds each call to the request that it was made in.</summary>
internal sealed class RequestCostSink : ICallRecordSink
{
    public void Record(CallRecord record) => RequestCostTally.Current?.Add(record);
}
