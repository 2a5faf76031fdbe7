using System.Runtime.InteropServices;

namespace LlmThrift.Local.Native;

/// <summary><c>llama_chat_message</c>: a message for a chat template, in UTF-8 that ends with a zero.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct LlamaChatMessage
{
    public byte* Role;
    public byte* Content;
}
