using LlmThrift.Local.Tools;
using Xunit;

namespace LlmThrift.Local.Tests.Tools;

public sealed class ToolFormatsTests
{
    [Theory]
    [InlineData(LocalToolFormat.Qwen, ToolTemplates.Qwen)]
    [InlineData(LocalToolFormat.Hermes, ToolTemplates.Hermes)]
    [InlineData(LocalToolFormat.Granite, ToolTemplates.Granite)]
    [InlineData(LocalToolFormat.Llama3, ToolTemplates.Llama3)]
    [InlineData(LocalToolFormat.Mistral, ToolTemplates.Mistral)]
    [InlineData(LocalToolFormat.MistralV11, ToolTemplates.MistralV11)]
    public void A_family_is_known_by_what_its_template_says(LocalToolFormat expected, string template) =>
        Assert.Equal(expected, ToolFormats.Detect(template));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("chatml")]
    [InlineData("{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}")]
    [InlineData("<|start_header_id|>{{ message['role'] }}<|end_header_id|>\n\n{{ message['content'] }}<|eot_id|>")]
    [InlineData("[INST] {{ message['content'] }} [/INST]")]
    [InlineData("<|im_start|>system # Tools <tool_call>\n<function=name>\n<parameter=a>\n</parameter></function></tool_call>")]
    [InlineData("<|start_of_role|>system<|end_of_role|> <|tool_call|> followed by a JSON list")]
    public void A_template_without_tools_or_with_others_is_not_known(string? template) => Assert.Null(ToolFormats.Detect(template));
}
