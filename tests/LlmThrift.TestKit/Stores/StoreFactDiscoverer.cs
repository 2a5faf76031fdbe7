using System.Reflection;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace LlmThrift.TestKit.Stores;

/// <summary>An attribute does not know the class that inherits its test: this does.</summary>
public sealed class StoreFactDiscoverer(IMessageSink messages) : FactDiscoverer(messages)
{
    protected override IXunitTestCase CreateTestCase(
        ITestFrameworkDiscoveryOptions discoveryOptions,
        ITestMethod testMethod,
        IAttributeInfo factAttribute
    )
    {
        var type = (testMethod.TestClass.Class as IReflectionTypeInfo)?.Type;
        return type?.GetCustomAttribute<StoreRequirementAttribute>()?.SkipReason is { } reason
            ? new XunitSkippedDataRowTestCase(
                DiagnosticMessageSink,
                discoveryOptions.MethodDisplayOrDefault(),
                discoveryOptions.MethodDisplayOptionsOrDefault(),
                testMethod,
                reason
            )
            : base.CreateTestCase(discoveryOptions, testMethod, factAttribute);
    }
}
