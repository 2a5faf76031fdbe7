using System.Text.Json;

namespace LlmThrift.Local.Grammars;

/// <summary>
/// Turns a JSON schema into a grammar in llama.cpp's format (GBNF), so that whatever a model writes under it is valid by the schema: the texts of the grammar are
/// some of the schema's documents, and none else. Thread-safe.
/// </summary>
/// <remarks>
/// Follows JSON Schema 2020-12, and of earlier drafts what is still about. Properties come in the order of the schema, and only those that it names, unless it has
/// <c>additionalProperties</c>. Between values there is at most one space. Strings, arrays and numbers are bounded where the schema sets no bound
/// (<see cref="GrammarLimits"/>), so that generation ends. What a grammar cannot express is an exception, never ignored.
/// </remarks>
internal static class JsonSchemaGrammar
{
    private static readonly Lazy<string> AnyObject = new(() => AnyJsonOf(""));

    /// <summary>The grammar of any JSON object, its values at most six levels deep.</summary>
    public static string AnyJson => AnyObject.Value;

    /// <summary>The same, with names of rules that begin with a prefix.</summary>
    public static string AnyJsonOf(string prefix) =>
        new SchemaCompiler(new SchemaReader(default, GrammarLimits.Default), GrammarLimits.Default, prefix).CompileAnyObject();

    /// <summary>The grammar of a schema.</summary>
    /// <param name="schema">The schema: an object or a boolean.</param>
    /// <param name="limits">Bounds where the schema sets none; the defaults if null.</param>
    /// <param name="prefix">What the names of the rules begin with, so that several grammars fit into one.</param>
    /// <returns>The grammar; its first rule is <c>root</c>, after the prefix. ASCII only.</returns>
    /// <exception cref="UnsupportedSchemaException">The schema is malformed, says what a grammar cannot express, or makes too large a grammar.</exception>
    public static string FromSchema(JsonElement schema, GrammarLimits? limits = null, string prefix = "")
    {
        limits ??= GrammarLimits.Default;
        try
        {
            return new SchemaCompiler(new SchemaReader(schema, limits), limits, prefix).Compile();
        }
        catch (InvalidOperationException exception) when (exception is not ObjectDisposedException)
        {
            // System.Text.Json throws this for a string with half a pair of surrogates.
            throw new UnsupportedSchemaException(
                "The JSON schema cannot constrain a local model: a string in it is not valid Unicode. Correct it.",
                exception
            );
        }
    }
}
