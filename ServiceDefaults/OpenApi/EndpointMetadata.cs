namespace ForgeShop.ServiceDefaults.OpenApi;

internal sealed record ErrorCode(int Status, string Code);

internal sealed record RequestHeader(string Name, bool IsRequired, string Description, string Example);

internal sealed record RequestExample(object Body);
