using System.Text.Json.Nodes;

namespace ForgeShop.Forge.Tests;

/// <summary>A key, or a part of one, as a tree: converted to a key of the library, shuffled, and compared with a name.</summary>
internal abstract record KeyNode
{
    internal sealed record Leaf(KeyKind Kind, string Text) : KeyNode;

    internal sealed record List(KeyNode[] Items) : KeyNode;

    internal sealed record Record((string Field, KeyNode Value)[] Fields) : KeyNode;

    public KeyValue ToValue() => this switch
    {
        Leaf leaf => KeyValue.Of(leaf.Kind, leaf.Text),
        List list => KeyValue.List([.. list.Items.Select(item => item.ToValue())]),
        _ => KeyValue.Record(((Record)this).ToFields()),
    };

    /// <summary>The same key with the fields of every record in another order.</summary>
    public KeyNode Shuffled(Random random)
    {
        switch (this)
        {
            case List list:
                return new List([.. list.Items.Select(item => item.Shuffled(random))]);
            case Record record:
                (string Field, KeyNode Value)[] fields = [.. record.Fields.Select(field => (field.Field, field.Value.Shuffled(random)))];
                random.Shuffle(fields);
                return new Record(fields);
            default:
                return this;
        }
    }

    /// <summary>
    /// Returns whether a part of a name has exactly this content: the same fields, items in the same order, kinds and canonical values.
    /// </summary>
    public bool IsIn(JsonNode? name) => this switch
    {
        Leaf leaf =>
            name is JsonValue value && value.GetValue<string>() == $"{leaf.Kind.ToName()}:{KindModel.Canonical(leaf.Kind, leaf.Text)}",
        List list =>
            name is JsonArray array && array.Count == list.Items.Length && list.Items.Zip(array).All(pair => pair.First.IsIn(pair.Second)),
        _ => name is JsonObject members && ((Record)this).Fields is var fields && members.Count == fields.Length
            && fields.All(field => field.Value.IsIn(members[field.Field])),
    };
}

internal static class KeyNodes
{
    public static (string, KeyValue)[] ToFields(this KeyNode.Record record) =>
        [.. record.Fields.Select(field => (field.Field, field.Value.ToValue()))];
}
