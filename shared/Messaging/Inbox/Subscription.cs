namespace ForgeShop.Messaging;

/// <summary>A handler of one type of event, or of all events of some topics.</summary>
/// <param name="Read">Reads the data, a JSON value of a version, as what the handler takes.</param>
internal sealed record Subscription(
    Type Handler, Func<JsonElement, int, object> Read,
    Func<IServiceProvider, IReadOnlyList<IncomingMessage>, CancellationToken, Task> HandleAsync)
{
    public static Subscription Of<TData, THandler>(Func<JsonElement, int, TData> read)
        where TData : notnull where THandler : class, IBatchHandler<TData> =>
        new(typeof(THandler), (data, version) => read(data, version), (services, messages, token) =>
            services.GetRequiredService<THandler>().HandleAsync(
                [.. messages.Select(message => new Received<TData>((TData)message.Data, message.Context))], token));
}
