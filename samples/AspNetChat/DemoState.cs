namespace AspNetChat;

internal sealed record DemoState(bool IsOn);
