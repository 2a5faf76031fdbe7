using LlmThrift.PostgreSql;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers the stores of LlmThrift in PostgreSQL.</summary>
public static class PostgreSqlStoreServiceCollectionExtensions
{
    /// <summary>
    /// Registers one <see cref="PostgreSqlStore"/>, and from it the app's <c>IBudgetLedger</c>, <c>ICallRecordStore</c>, <c>ISemanticCacheStore</c> and, unless the app has one,
    /// <c>IDistributedCache</c>. The database is connected to at its first use.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="connectionString">Npgsql's connection string.</param>
    /// <returns><paramref name="services"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="services"/> is null.</exception>
    /// <exception cref="ArgumentException">The connection string is empty.</exception>
    public static IServiceCollection AddPostgreSqlStores(this IServiceCollection services, string connectionString) =>
        services.AddPostgreSqlStores(options => options.ConnectionString = connectionString);

    /// <inheritdoc cref="AddPostgreSqlStores(IServiceCollection, string)"/>
    /// <param name="services">The services.</param>
    /// <param name="configure">Sets the options; a connection string or a data source is required.</param>
    /// <exception cref="ArgumentException">The options are not valid.</exception>
    public static IServiceCollection AddPostgreSqlStores(this IServiceCollection services, Action<PostgreSqlStoreOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        var options = new PostgreSqlStoreOptions();
        configure(options);
        options.Validate(nameof(configure));
        services.TryAddSingleton(provider => new PostgreSqlStore(
            options,
            provider.GetService<TimeProvider>(),
            provider.GetService<ILoggerFactory>()
        ));
        services.TryAddSingleton(provider => provider.GetRequiredService<PostgreSqlStore>().Cache);
        services.AddSingleton(provider => provider.GetRequiredService<PostgreSqlStore>().SemanticCache);
        services.AddSingleton(provider => provider.GetRequiredService<PostgreSqlStore>().Budgets);
        services.AddSingleton(provider => provider.GetRequiredService<PostgreSqlStore>().Records);
        return services;
    }
}
