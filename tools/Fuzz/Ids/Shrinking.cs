namespace ForgeShop.Fuzz.Ids;

/// <summary>Smaller derivations than a given one: fewer fields, shorter texts, plainer characters.</summary>
internal static class Shrinking
{
    private const int CharactersOneByOne = 40;

    /// <summary>Returns the candidates, the much smaller ones first. Each has less text, fewer parts or more of the letter a.</summary>
    public static IEnumerable<Derivation> Smaller(Derivation derivation)
    {
        foreach (var key in Smaller(derivation.Key, isWhole: true))
            yield return derivation with { Key = key };
        if (derivation.Algorithm != "v5")
            yield return derivation with { Algorithm = "v5", Secret = null };
        if (derivation.Secret is not null)
        {
            foreach (var secret in Smaller(derivation.Secret))
                yield return derivation with { Secret = secret };
        }

        foreach (var domain in Smaller(derivation.Domain))
            yield return derivation with { Domain = domain };
        foreach (var entity in Smaller(derivation.Entity))
            yield return derivation with { Entity = entity };
    }

    private static IEnumerable<KeyNode> Smaller(KeyNode node, bool isWhole)
    {
        switch (node)
        {
            case RecordNode record:
                // A list or a null is no key.
                foreach (var (_, value) in record.Fields)
                {
                    if (!isWhole || value is RecordNode or ValueNode { Text: not null })
                        yield return value;
                }

                for (var index = 0; index < record.Fields.Count; index++)
                {
                    var (name, value) = record.Fields[index];
                    if (record.Fields.Count > 1)
                        yield return new RecordNode([.. record.Fields.Where((_, other) => other != index)]);
                    foreach (var smaller in Smaller(value, isWhole: false))
                        yield return new RecordNode(With(record.Fields, index, (name, smaller)));
                    foreach (var shorter in Smaller(name))
                        yield return new RecordNode(With(record.Fields, index, (shorter, value)));
                }

                break;
            case ListNode list:
                for (var index = 0; index < list.Items.Count; index++)
                {
                    yield return list.Items[index];
                    yield return new ListNode([.. list.Items.Where((_, other) => other != index)]);
                    foreach (var smaller in Smaller(list.Items[index], isWhole: false))
                        yield return new ListNode(With(list.Items, index, smaller));
                }

                break;
            case ValueNode { Text: { } text } value:
                foreach (var shorter in Smaller(text))
                    yield return value with { Text = shorter };
                foreach (var kind in Smaller(value.Kind))
                    yield return value with { Kind = kind };
                break;
        }
    }

    private static IEnumerable<string> Smaller(string text)
    {
        for (var size = text.Length / 2; size > 0; size /= 2)
        {
            if (size == 1 && text.Length > CharactersOneByOne)
                break;
            for (var start = 0; start < text.Length; start += size)
                yield return text.Remove(start, Math.Min(size, text.Length - start));
        }

        if (text.Length == 1)
            yield return "";
        for (var index = 0; index < text.Length && text.Length <= CharactersOneByOne; index++)
        {
            if (text[index] != 'a')
                yield return $"{text[..index]}a{text[(index + 1)..]}";
        }
    }

    private static List<T> With<T>(IReadOnlyList<T> items, int index, T item) => [.. items.Select((old, at) => at == index ? item : old)];
}
