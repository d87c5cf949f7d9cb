using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http.Json;

namespace ForgeShop.Api;

/// <summary>JSON Merge Patch (RFC 7396): a member replaces the value, null removes it, absent members stay.</summary>
public static class MergePatch
{
    /// <summary>Returns the value with the patch applied, read as strictly as any body: unknown members are refused.</summary>
    /// <exception cref="BadHttpRequestException">The patch is no object, or the result is no <typeparamref name="T"/>; answered with
    /// 400.</exception>
    public static T Apply<T>(HttpContext http, T current, JsonElement patch) where T : class
    {
        var json = http.RequestServices.GetRequiredService<IOptions<JsonOptions>>().Value.SerializerOptions;
        try
        {
            if (patch.ValueKind is not JsonValueKind.Object)
                throw new JsonException("The patch is no object.");
            var merged = Merge(JsonSerializer.SerializeToNode(current, json), JsonObject.Create(patch));
            return merged.Deserialize<T>(json)!;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a name or a text contains half a surrogate pair.
            throw new BadHttpRequestException("The body is no patch of this resource.", StatusCodes.Status400BadRequest, error);
        }
    }

    private static JsonNode? Merge(JsonNode? target, JsonNode? patch)
    {
        if (patch is not JsonObject members)
            return patch?.DeepClone();
        var result = target as JsonObject ?? [];
        var named = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in members)
        {
            if (!named.Add(name))
                throw new JsonException("The patch names a member twice.");
            // The null of a member that is not there stays, so that a member that cannot be set is refused by its name.
            if (value is not null || !result.Remove(name))
                result[name] = Merge(result[name], value);
        }

        return result;
    }
}
