using System.Text;
using System.Text.RegularExpressions;
using ForgeShop.Contracts;
using ForgeShop.Forge;

namespace ForgeShop.Load.Bench;

/// <summary>The values of a copied order, each derived when a row first needs it.</summary>
internal sealed class StoredCopy(StoredOrder order, int number, ForgeIds ids)
{
    private readonly string?[] _ids = new string?[StoredOrder.OwnIds.Count];

    public string Reference => order.Reference;

    public int Number => number;

    public string Id(int index) => _ids[index] ??= Uuid.ToText(StoredOrder.OwnIds[index](order, ids));
}

/// <summary>
/// A row of an order in PostgreSQL's text format, cut at what differs between copies: the order's own IDs, its reference, and the position
/// at which Reporting recorded an event.
/// </summary>
internal sealed class StoredRow
{
    /// <summary>The copies are recorded as from a log before the broker's, so that their positions are no others'.</summary>
    public const string Log = "stored";

    private const string Id = "(?<id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})";
    // In the document, and in the columns beside it.
    private const string Position = """(?<=@)(?<log>[0-9a-f]{32})|(?<="offset": |@[0-9a-f]{32}\t)(?<offset>\d+)""";

    private readonly List<(string Text, Func<StoredCopy, string> Next)> _pieces = [];

    /// <param name="line">The row.</param>
    /// <param name="own">The orders' own IDs, with the index of their derivation.</param>
    public StoredRow(string line, IReadOnlyDictionary<Guid, (StoredOrder Order, int Index)> own)
    {
        Order = Regex.Matches(line, Id).Select(match => own.GetValueOrDefault(Guid.Parse(match.Value)).Order)
            .First(order => order is not null);
        var end = 0;
        foreach (Match match in Regex.Matches(line, $@"{Id}|{Position}|(?<![\w-]){Regex.Escape(Order.Reference)}(?![\w@-])"))
        {
            if (NextOf(match, own) is not { } next)
                continue;
            _pieces.Add((line[end..match.Index], next));
            end = match.Index + match.Length;
        }
        _pieces.Add((line[end..], _ => "\n"));
    }

    /// <summary>Gets the order of the row.</summary>
    public StoredOrder Order { get; }

    public void Write(StringBuilder rows, StoredCopy copy)
    {
        foreach (var (text, next) in _pieces)
            rows.Append(text).Append(next(copy));
    }

    private static Func<StoredCopy, string>? NextOf(Match match, IReadOnlyDictionary<Guid, (StoredOrder Order, int Index)> own)
    {
        if (match.Groups["id"].Success)
            return own.TryGetValue(Guid.Parse(match.Value), out var one) ? copy => copy.Id(one.Index) : null;
        if (match.Groups["log"].Success)
            return _ => Log;
        if (match.Groups["offset"].Success)
            return copy => $"{copy.Number}{match.Value.PadLeft(9, '0')}";
        return copy => copy.Reference;
    }
}
