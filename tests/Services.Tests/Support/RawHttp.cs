using System.Net.Sockets;
using System.Text;

namespace ForgeShop.Services.Tests;

/// <summary>Requests byte for byte. A character of the text is a byte of the request.</summary>
public static class RawHttp
{
    /// <summary>Sends a request that ends its connection and returns the whole answer.</summary>
    public static async Task<string> SendRaw(this Uri address, string request, string body = "")
    {
        using var connection = new TcpClient();
        var cancellation = TestContext.Current.CancellationToken;
        await connection.ConnectAsync(address.Host, address.Port, cancellation);
        var head = request.ReplaceLineEndings("\r\n").TrimEnd()
            + $"\r\nHost: shop\r\nConnection: close\r\n{(body.Length > 0 ? $"Content-Length: {body.Length}\r\n" : "")}\r\n";
        await connection.GetStream().WriteAsync(Encoding.Latin1.GetBytes(head + body), cancellation);
        return await new StreamReader(connection.GetStream(), Encoding.Latin1).ReadToEndAsync(cancellation);
    }
}
