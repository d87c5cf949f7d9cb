using System.Text;
using ForgeShop.Contracts;
using ForgeShop.Forge;
using Npgsql;

namespace ForgeShop.Operator.Demo;

/// <summary>
/// Writes the two files of an audit from outside: the charges as a payment provider reports them, under natural keys only, and the payments
/// that the shop exports, under their IDs only. The scripts in polyglot/ compare them without any service.
/// </summary>
internal static class PaymentReports
{
    public const string ProviderFile = "provider-charges.csv";
    public const string ExportFile = "payments-export.csv";

    /// <param name="folder">The folder of the files.</param>
    /// <param name="server">The connection string of PostgreSQL.</param>
    /// <param name="story">The orders of the demo; the first one was charged.</param>
    /// <param name="total">The amount of its charge.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public static async Task WriteAsync(string folder, string server, DemoStory story, Money total, CancellationToken cancellationToken)
    {
        await WriteAsync(
            Path.Combine(folder, ProviderFile), "email,cart,attempt,amount,currency",
            [$"{story.Email},{story.Key},1,{total.AmountText},{total.Currency}"], cancellationToken);

        await using var payments = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(server) { Database = "payments" });
        await using var command = payments.CreateCommand(
            "select id, amount, currency from payments where order_id = any($1) and status = 'charged' order by id");
        Guid[] orders = [story.Confirmed.Id.Value, story.OutOfStock.Id.Value, story.Declined.Id.Value];
        command.Parameters.Add(new NpgsqlParameter { Value = orders });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var exported = new List<string>();
        while (await reader.ReadAsync(cancellationToken))
        {
            var amount = new Money(reader.GetDecimal(1), reader.GetString(2));
            exported.Add($"{Uuid.ToText(reader.GetGuid(0))},{amount.AmountText},{amount.Currency}");
        }
        await WriteAsync(Path.Combine(folder, ExportFile), "payment_id,amount,currency", exported, cancellationToken);
    }

    /// <summary>Writes a file that only its owner can read, because natural keys can be personal data.</summary>
    private static async Task WriteAsync(string file, string header, IEnumerable<string> rows, CancellationToken cancellationToken)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        await using var stream = new FileStream(file, options);
        await stream.WriteAsync(Encoding.UTF8.GetBytes(string.Concat(rows.Prepend(header).Select(row => row + "\n"))), cancellationToken);
    }
}
