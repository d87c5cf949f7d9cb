using System.Text;
using System.Text.Json;

namespace ForgeShop.Forge.Cli;

/// <summary>jcs.json: {input, canonical and canonical_utf8_hex, or error}.</summary>
internal sealed class JcsVector : IVectorShape
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public bool Recognises(JsonElement vector) => Vector.Has(vector, "input") && !Vector.Has(vector, "separator");

    public string? Check(JsonElement vector)
    {
        Vector.MustExpect(vector, "canonical", "canonical_utf8_hex");
        byte[] input;
        try
        {
            input = StrictUtf8.GetBytes(Vector.Text(vector, "input"));
        }
        catch (EncoderFallbackException)
        {
            throw new MalformedVectorException("the input has a lone surrogate, so it is no UTF-8 text");
        }
        var canonical = Jcs.Canonicalize(input);
        return Vector.Differs(vector, "canonical", Encoding.UTF8.GetString(canonical))
            ?? Vector.Differs(vector, "canonical_utf8_hex", Convert.ToHexStringLower(canonical));
    }
}
