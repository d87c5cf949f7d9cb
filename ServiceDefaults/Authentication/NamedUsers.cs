using System.Text;
using System.Text.Json;
using ForgeShop.Contracts;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;

namespace ForgeShop.ServiceDefaults.Authentication;

/// <summary>Whoever has this permission may name others at the endpoint that has this.</summary>
internal sealed record NamingPermission(string Permission);

/// <summary>
/// The token alone says who calls. A <c>userId</c> in the query or in a JSON body, where clients put it before there were tokens, says nothing
/// new if it is the caller's, and is refused if it is anything else: at every endpoint for people, whether it would have looked or not.
/// </summary>
internal sealed class NamedUsers(RequestDelegate next)
{
    private const string Field = "userId";

    public async Task InvokeAsync(HttpContext context)
    {
        if (context.GetEndpoint() is not { } endpoint || !IsForPeople(endpoint))
        {
            await next(context);
            return;
        }

        if (context.Request.Query.TryGetValue(Field, out var named) && !MayName(context, named, endpoint.Metadata.GetMetadata<NamingPermission>()?.Permission))
            await RefuseAsync(context);
        else if (context.Request.HasJsonContentType() && context.Request.ContentLength != 0)
            await ReadThenContinueAsync(context);
        else
            await next(context);
    }

    // What services ask of each other is about others.
    private static bool IsForPeople(Endpoint endpoint) => endpoint.Metadata.GetOrderedMetadata<AuthorizationPolicy>()
        .SelectMany(policy => policy.Requirements).OfType<PermissionRequirement>().Any(requirement => !requirement.AnyOf.Contains(Permissions.Internal));

    private static bool MayName(HttpContext context, string? text, string? permission)
    {
        var caller = Caller.Of(context);
        return UserId.TryParse(text, out var named) && (permission is null ? caller.Is(named) : caller.MaySee(named, permission));
    }

    // BodyLimit has made sure that it is small.
    private async Task ReadThenContinueAsync(HttpContext context)
    {
        var sent = context.Request.Body;
        using var body = new MemoryStream();
        await sent.CopyToAsync(body, context.RequestAborted);
        body.Position = 0;
        context.Request.Body = body;
        try
        {
            await (NamesAnother(context, body.GetBuffer().AsSpan(0, (int)body.Length)) ? RefuseAsync(context) : next(context));
        }
        finally
        {
            context.Request.Body = sent;
        }
    }

    private static bool NamesAnother(HttpContext context, ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json.StartsWith(Encoding.UTF8.Preamble) ? json[Encoding.UTF8.Preamble.Length..] : json);
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                return false;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                // Fields are bound whatever their case.
                var isNamed = string.Equals(reader.GetString(), Field, StringComparison.OrdinalIgnoreCase);
                reader.Read();
                if (isNamed && reader.TokenType != JsonTokenType.Null && !(reader.TokenType == JsonTokenType.String && MayName(context, reader.GetString(), permission: null)))
                    return true;
                reader.Skip();
            }
        }
        catch (JsonException)
        {
            return false; // The endpoint says so, and how.
        }
        catch (InvalidOperationException)
        {
            return true; // Half a character stands in a name or in the userId itself: that is nobody's.
        }

        return false;
    }

    private static Task RefuseAsync(HttpContext context) => Problems.Status(StatusCodes.Status403Forbidden).ExecuteAsync(context);
}
