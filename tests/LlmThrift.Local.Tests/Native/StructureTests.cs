using System.Runtime.InteropServices;
using LlmThrift.Local.Native;
using LlmThrift.Local.Quantizing;
using Xunit;

namespace LlmThrift.Local.Tests.Native;

/// <summary>Structures that are passed to llama.cpp lie as its header has them: the library's own defaults are read back from both ends and the middle.</summary>
public sealed class StructureTests
{
    [NativeFact]
    public void Context_parameters_read_back_as_the_header_documents_them()
    {
        LlamaLibrary.Load(null, null);

        var parameters = LlamaNative.DefaultContextParameters();

        Assert.Equal(512u, parameters.ContextLength);
        Assert.Equal(2048u, parameters.BatchSize);
        Assert.Equal(512u, parameters.MicroBatchSize);
        Assert.Equal(1u, parameters.Sequences);
        Assert.Equal(0, parameters.ContextType);
        Assert.Equal(-1, parameters.RopeScaling);
        Assert.Equal(-1, parameters.Pooling);
        Assert.Equal(-1, parameters.Attention);
        Assert.Equal(-1, parameters.FlashAttention);
        Assert.Equal(0f, parameters.RopeFrequencyBase);
        Assert.Equal(-1f, parameters.YarnExtrapolation);
        Assert.Equal(-1f, parameters.DefragmentationThreshold);
        Assert.Equal(0, parameters.EvaluationCallback);

        // GGML_TYPE_F16
        Assert.Equal(1, parameters.KeyType);
        Assert.Equal(1, parameters.ValueType);
        Assert.Equal(0, parameters.AbortCallback);
        Assert.Equal(0, parameters.Embeddings);
        Assert.Equal(1, parameters.OffloadKeyValues);
        Assert.Equal(1, parameters.NoTimings);
        Assert.Equal(1, parameters.OffloadOperations);
        Assert.Equal(1, parameters.FullSlidingWindow);
        Assert.Equal(0, parameters.UnifiedKeyValues);
        Assert.Equal(0, parameters.Samplers);
        Assert.Equal(0u, parameters.SamplerCount);
        Assert.Equal(0, parameters.OtherContext);
    }

    [NativeFact]
    public void Model_parameters_read_back_as_the_header_documents_them()
    {
        LlamaLibrary.Load(null, null);

        var parameters = LlamaNative.DefaultModelParameters();

        Assert.Equal(0, parameters.Devices);
        Assert.Equal(-1, parameters.GpuLayers);
        Assert.Equal(1, parameters.SplitMode);
        Assert.Equal(0, parameters.TensorSplit);
        Assert.Equal(0, parameters.ProgressCallback);
        Assert.Equal(0, parameters.MetadataOverrides);
        Assert.Equal(0, parameters.VocabularyOnly);
        Assert.Equal(0, parameters.CheckTensors);
        Assert.Equal(1, parameters.UseExtraBuffers);
        Assert.Equal(0, parameters.NoHost);
        Assert.Equal(0, parameters.NoAllocation);
    }

    [NativeFact]
    public unsafe void Operations_have_the_numbers_that_the_library_gives_them()
    {
        LlamaLibrary.Load(null, null);

        Assert.Equal("MUL_MAT", Marshal.PtrToStringUTF8((nint)LlamaNative.OperationName(ActivationCollector.Product)));
        Assert.Equal("MUL_MAT_ID", Marshal.PtrToStringUTF8((nint)LlamaNative.OperationName(ActivationCollector.ExpertProduct)));
    }

    [Fact]
    public void Structures_have_the_sizes_that_a_C_compiler_gives_them()
    {
        Assert.Equal(80, Marshal.SizeOf<LlamaModelParameters>());
        Assert.Equal(160, Marshal.SizeOf<LlamaContextParameters>());
        Assert.Equal(56, Marshal.SizeOf<LlamaBatch>());
        Assert.Equal(12, Marshal.SizeOf<LlamaTokenData>());
        Assert.Equal(32, Marshal.SizeOf<LlamaTokenDataArray>());
        Assert.Equal(16, Marshal.SizeOf<LlamaChatMessage>());
        Assert.Equal(64, Marshal.SizeOf<LlamaQuantizeParameters>());
        Assert.Equal(24, Marshal.SizeOf<LlamaImportanceData>());
        Assert.Equal(264, Marshal.SizeOf<LlamaMetadataOverride>());
        Assert.Equal(336, Marshal.SizeOf<GgmlTensor>());
        Assert.Equal(152, Marshal.OffsetOf<GgmlTensor>(nameof(GgmlTensor.Source0)));
        Assert.Equal(248, Marshal.OffsetOf<GgmlTensor>(nameof(GgmlTensor.Data)));
    }
}
