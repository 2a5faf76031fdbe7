using PriceBookGenerator;

if (args.Length != 2)
{
    Console.Error.WriteLine("Usage: PriceBookGenerator GENAI-PRICES.json OUT.jsonl.br");
    Console.Error.WriteLine(
        "Reads the price list of github.com/pydantic/genai-prices (prices/data.json) and writes what LlmThrift embeds of it."
    );
    return 2;
}

try
{
    var packed = PriceListPacker.Pack(await File.ReadAllBytesAsync(args[0]));
    await File.WriteAllBytesAsync(args[1], packed.Brotli);
    Console.WriteLine(
        $"{packed.Providers} providers, {packed.Models} models, {packed.JsonBytes:N0} bytes of JSON lines, {packed.Brotli.Length:N0} bytes packed."
    );
    return 0;
}
catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException or System.Text.Json.JsonException)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}
