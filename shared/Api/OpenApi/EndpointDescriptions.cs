namespace ForgeShop.Api;

/// <summary>What the OpenAPI document says of an endpoint and the framework cannot see in its signature.</summary>
public static class EndpointDescriptions
{
    /// <summary>Names the error codes of the endpoint's own; 400, and 401 and 403 of a permission, are documented by themselves.</summary>
    public static RouteHandlerBuilder WithErrorCodes(this RouteHandlerBuilder endpoint, params (int Status, string Code)[] errors) =>
        endpoint.WithMetadata([.. errors.Select(error => new ErrorCode(error.Status, error.Code))]);

    /// <summary>Documents the <c>Idempotency-Key</c> header, which the endpoint requires.</summary>
    public static RouteHandlerBuilder WithIdempotencyKey(this RouteHandlerBuilder endpoint) => endpoint.WithMetadata(new RequestHeader(
        IdempotencyKey.Header, IsRequired: true, "A text of the client's own that names this request.", "cart-1"));

    /// <summary>Documents the <c>If-Match</c> header, which the endpoint honours, and its 412.</summary>
    public static RouteHandlerBuilder WithIfMatch(this RouteHandlerBuilder endpoint) => endpoint
        .ProducesProblem(StatusCodes.Status412PreconditionFailed)
        .WithMetadata(new RequestHeader(
            "If-Match", IsRequired: false, "The ETag of a GET of the same thing. If something else is stored by now, the answer is 412.",
            "*"));

    public static RouteHandlerBuilder WithRequestExample(this RouteHandlerBuilder endpoint, object body) =>
        endpoint.WithMetadata(new RequestExample(body));
}

internal sealed record ErrorCode(int Status, string Code);

internal sealed record RequestHeader(string Name, bool IsRequired, string Description, string Example);

internal sealed record RequestExample(object Body);
