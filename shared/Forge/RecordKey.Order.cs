using System.Text;

namespace ForgeShop.Forge;

/// <summary>Sorts fields by their bytes.</summary>
public ref partial struct RecordKey
{
    private readonly ReadOnlySpan<byte> Name(in Entry entry) => _buffer.Slice(entry.Start + 1, entry.NameLength);

    private readonly int Compare(in Entry left, in Entry right) => Name(left).SequenceCompareTo(Name(right));

    // Sorts the fields of the record that begins at start, also in the buffer. Returns a name that occurs twice, if there is one.
    private string? Order(int firstEntry, int start)
    {
        var entries = Entries[firstEntry.._entries];
        var inOrder = true;
        for (var i = 1; i < entries.Length; i++) inOrder &= Compare(entries[i - 1], entries[i]) < 0;
        if (inOrder) return null;

        Sort(entries);
        for (var i = 1; i < entries.Length; i++)
        {
            if (Compare(entries[i - 1], entries[i]) == 0) return Encoding.ASCII.GetString(Name(entries[i]));
        }

        // Written in order after the record, then moved over it.
        var size = _length - start;
        Reserve(size);
        var sorted = _buffer.Slice(_length, size);
        var at = 0;
        foreach (var entry in entries)
        {
            var field = _buffer[entry.Start..entry.End];
            field.CopyTo(sorted[at..]);
            at += field.Length;
        }
        sorted.CopyTo(_buffer[start..]);
        return null;
    }

    // Heap sort: in place, without a delegate, and fast for every input.
    private readonly void Sort(scoped Span<Entry> entries)
    {
        for (var root = entries.Length / 2 - 1; root >= 0; root--) SiftDown(entries, root);
        for (var last = entries.Length - 1; last > 0; last--)
        {
            (entries[0], entries[last]) = (entries[last], entries[0]);
            SiftDown(entries[..last], 0);
        }
    }

    private readonly void SiftDown(scoped Span<Entry> entries, int root)
    {
        while (2 * root + 1 < entries.Length)
        {
            var child = 2 * root + 1;
            if (child + 1 < entries.Length && Compare(entries[child], entries[child + 1]) < 0) child++;
            if (Compare(entries[root], entries[child]) >= 0) return;
            (entries[root], entries[child]) = (entries[child], entries[root]);
            root = child;
        }
    }
}
