using ForgeShop.Forge;

namespace ForgeShop.Fuzz.Ids;

/// <summary>The answers of the .NET library, with which the answers of the ports are compared.</summary>
public static class DotnetDerivation
{
    // Domains, entity types, algorithms and secrets have an exception of their own in .NET, and one reason in the ports.
    private const string Configuration = nameof(Configuration);

    public static Answer Derive(Derivation derivation)
    {
        var where = "domain";
        try
        {
            _ = new ForgeDomain(derivation.Domain);
            where = "secret";
            if (!ForgeAlgorithms.TryParse(derivation.Algorithm, out var algorithm))
                throw new ArgumentException($"{derivation.Algorithm} is not an algorithm.", nameof(derivation));
            var domain = new ForgeDomain(derivation.Domain, algorithm, derivation.Secret);
            where = "entity";
            var entity = domain.Entity(derivation.Entity, KeyShape.AnyRecord);
            return derivation.Key switch
            {
                RecordNode record => new(Record(entity, record), null),
                ValueNode value when KeyKinds.TryParse(value.Kind, out var kind) =>
                    new(domain.Entity(derivation.Entity, kind).Derive(value.Text!), null),
                // In .NET no plain key can be of a kind that does not exist: its entity type could not be declared.
                _ => new(null, new("key", null, nameof(KeyRefusal.WrongKind), null)),
            };
        }
        catch (ForgeConfigurationException refused)
        {
            return new(null, new(where, null, Configuration, Answer.FirstCodePoint(refused.Message)));
        }
        catch (ForgeKeyException refused)
        {
            var error = refused.Error;
            return new(null, new(
                error.Field is null ? "key" : $"field {error.Field}", error.Kind?.ToName(), error.Refusal.ToString(), error.CodePoint));
        }
    }

    private static Guid Record(EntityNamespace entity, RecordNode record)
    {
        var key = entity.NewKey();
        try
        {
            AddFields(ref key, record);
            return key.Derive();
        }
        finally
        {
            key.Dispose();
        }
    }

    private static void AddFields(ref RecordKey key, RecordNode record)
    {
        foreach (var (name, value) in record.Fields)
            Add(ref key, name, value);
    }

    private static void Add(ref RecordKey key, string? field, KeyNode node)
    {
        switch (node)
        {
            case ListNode list:
                if (field is null) key.BeginListItem();
                else key.BeginList(field);
                foreach (var item in list.Items)
                    Add(ref key, null, item);
                key.End();
                break;
            case RecordNode record:
                if (field is null) key.BeginRecordItem();
                else key.BeginRecord(field);
                AddFields(ref key, record);
                key.End();
                break;
            default:
                if (field is null) key.AddItem(Leaf(node));
                else key.Add(field, Leaf(node));
                break;
        }
    }

    private static KeyValue Leaf(KeyNode node) => node is not ValueNode { Text: { } text } value
        ? default
        : KeyKinds.TryParse(value.Kind, out var kind) ? KeyValue.Of(kind, text) : KeyValue.Of((KeyKind)(-1), text);
}
