using Xunit;
using Xunit.Sdk;

namespace LlmThrift.TestKit.Stores;

/// <summary>A test of a contract, skipped in classes whose <see cref="StoreRequirementAttribute"/> does not hold on this machine.</summary>
[XunitTestCaseDiscoverer("LlmThrift.TestKit.Stores.StoreFactDiscoverer", "LlmThrift.TestKit")]
[AttributeUsage(AttributeTargets.Method)]
public sealed class StoreFactAttribute : FactAttribute;
