using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using LlmThrift.Metering;
using Microsoft.AspNetCore.Http;

namespace LlmThrift.AspNetCore.Dashboard;

/// <summary>Single calls as a file, written as they are read. A failure midway breaks the connection off, so that no part is taken for the whole.</summary>
internal sealed class CallExport(ICallRecordStore store, TimeProvider clock, CostDashboardOptions options)
{
    private const int ChunkSize = 32 * 1024;

    public async Task ServeCsvAsync(HttpContext context)
    {
        if (await BeginAsync(context, "csv", "text/csv; charset=utf-8; header=present").ConfigureAwait(false) is not { } query)
        {
            return;
        }

        var text = new StringBuilder(ChunkSize * 2);
        CallCsv.WriteHeader(text, options.ShowUsers);
        await foreach (var call in store.ReadAsync(query, context.RequestAborted).ConfigureAwait(false))
        {
            CallCsv.Write(text, ShownCall.Of(call, options.ShowUsers), options.ShowUsers);
            if (text.Length >= ChunkSize)
            {
                await FlushAsync().ConfigureAwait(false);
            }
        }

        await FlushAsync().ConfigureAwait(false);

        async Task FlushAsync()
        {
            await context.Response.WriteAsync(text.ToString(), context.RequestAborted).ConfigureAwait(false);
            text.Clear();
        }
    }

    public async Task ServeJsonAsync(HttpContext context)
    {
        if (await BeginAsync(context, "json", "application/json; charset=utf-8").ConfigureAwait(false) is not { } query)
        {
            return;
        }

        var buffer = new ArrayBufferWriter<byte>(ChunkSize * 2);
        buffer.Write("["u8);
        var isFirst = true;
        await foreach (var call in store.ReadAsync(query, context.RequestAborted).ConfigureAwait(false))
        {
            buffer.Write(isFirst ? "\n"u8 : ",\n"u8);
            isFirst = false;
            buffer.Write(JsonSerializer.SerializeToUtf8Bytes(ShownCall.Of(call, options.ShowUsers), DashboardJson.Default.ShownCall));
            if (buffer.WrittenCount >= ChunkSize)
            {
                await context.Response.Body.WriteAsync(buffer.WrittenMemory, context.RequestAborted).ConfigureAwait(false);
                buffer.ResetWrittenCount();
            }
        }

        buffer.Write("\n]\n"u8);
        await context.Response.Body.WriteAsync(buffer.WrittenMemory, context.RequestAborted).ConfigureAwait(false);
    }

    private async Task<CostHistoryQuery?> BeginAsync(HttpContext context, string extension, string contentType)
    {
        var now = clock.GetUtcNow();
        if (DashboardRange.Parse(context.Request.Query, now, out var problem) is not { } query)
        {
            await DashboardFigures.RefuseAsync(context, StatusCodes.Status400BadRequest, problem!).ConfigureAwait(false);
            return null;
        }

        context.Response.ContentType = contentType;
        context.Response.Headers.ContentDisposition = string.Create(
            CultureInfo.InvariantCulture,
            $"attachment; filename=\"llm-calls-{now:yyyyMMdd-HHmmss}.{extension}\""
        );
        return query;
    }
}
