namespace LlmThrift.Budgets;

/// <summary>A call was refused since it falls under a budget in dollars and no price is known for its model.</summary>
public sealed class BudgetPriceMissingException : InvalidOperationException
{
    internal BudgetPriceMissingException(string budget, string? model, string? provider)
        : base(
            $"The budget \"{budget}\" is in dollars, and no price is known for the model {(model is null ? "of this call, which has no name" : $"\"{model}\"")}"
                + $"{(provider is null ? "" : $" of \"{provider}\"")}. Add one to the price book, such as Metering.Prices = PriceBook.Embedded.With(\"{model ?? "my-model"}\", "
                + "new ModelPrice { Input = 1m, Output = 4m }), or set Budgets.UnknownPrice to AllowAndCount or AssumePrice."
        ) => (Budget, Model) = (budget, model);

    /// <summary>The budget's name.</summary>
    public string Budget { get; }

    /// <summary>The model, or null where the call names none.</summary>
    public string? Model { get; }
}
