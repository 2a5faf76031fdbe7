using LlmThrift.Sqlite;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers the stores of LlmThrift in a SQLite file.</summary>
public static class SqliteStoreServiceCollectionExtensions
{
    /// <summary>
    /// Registers one <see cref="SqliteStore"/>, and from it the app's <c>IBudgetLedger</c>, <c>ICallRecordStore</c>, <c>ISemanticCacheStore</c> and, unless the app has one,
    /// <c>IDistributedCache</c>. The file is opened at its first use.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="path">The file, such as "llmthrift.db"; made where it is absent.</param>
    /// <returns><paramref name="services"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="services"/> is null.</exception>
    /// <exception cref="ArgumentException">The path is not valid.</exception>
    public static IServiceCollection AddSqliteStores(this IServiceCollection services, string path) =>
        services.AddSqliteStores(options => options.Path = path);

    /// <inheritdoc cref="AddSqliteStores(IServiceCollection, string)"/>
    /// <param name="services">The services.</param>
    /// <param name="configure">Sets the options; the path is required.</param>
    /// <exception cref="ArgumentException">The options are not valid.</exception>
    public static IServiceCollection AddSqliteStores(this IServiceCollection services, Action<SqliteStoreOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        var options = new SqliteStoreOptions();
        configure(options);
        options.Validate(nameof(configure));
        services.TryAddSingleton(provider => new SqliteStore(
            options,
            provider.GetService<TimeProvider>(),
            provider.GetService<ILoggerFactory>()
        ));
        services.TryAddSingleton(provider => provider.GetRequiredService<SqliteStore>().Cache);
        services.AddSingleton(provider => provider.GetRequiredService<SqliteStore>().SemanticCache);
        services.AddSingleton(provider => provider.GetRequiredService<SqliteStore>().Budgets);
        services.AddSingleton(provider => provider.GetRequiredService<SqliteStore>().Records);
        return services;
    }
}
