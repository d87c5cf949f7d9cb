using System.Text;

namespace ForgeShop.Fuzz.Ids;

/// <summary>One derivation for every language. Its line is the input of the ports' <c>derive</c>.</summary>
public sealed record Derivation(string Algorithm, string Domain, string Entity, string? Secret, KeyNode Key)
{
    /// <summary>Returns the JSON line: pure ASCII, lone surrogates escaped, so that every process reads the same text.</summary>
    public string ToLine()
    {
        var line = new StringBuilder(256).Append("{\"algorithm\":");
        KeyNode.AppendText(line, Algorithm);
        KeyNode.AppendText(line.Append(",\"domain\":"), Domain);
        KeyNode.AppendText(line.Append(",\"entity\":"), Entity);
        if (Secret is not null)
            KeyNode.AppendText(line.Append(",\"secret\":"), Secret);
        Key.AppendTo(line.Append(",\"key\":"));
        return line.Append('}').ToString();
    }
}

/// <summary>A key, or a part of one.</summary>
public abstract record KeyNode
{
    internal abstract void AppendTo(StringBuilder line);

    internal static void AppendText(StringBuilder line, string? text)
    {
        if (text is null)
        {
            line.Append("null");
            return;
        }

        line.Append('"');
        foreach (var unit in text)
        {
            if (unit is >= ' ' and <= '~' and not '"' and not '\\')
                line.Append(unit);
            else
                line.Append("\\u").Append(((int)unit).ToString("x4", System.Globalization.CultureInfo.InvariantCulture));
        }

        line.Append('"');
    }
}

/// <summary>A null where a value belongs.</summary>
public sealed record NullNode : KeyNode
{
    internal override void AppendTo(StringBuilder line) => line.Append("null");
}

public sealed record ValueNode(string Kind, string? Text) : KeyNode
{
    internal override void AppendTo(StringBuilder line)
    {
        AppendText(line.Append("{\"kind\":"), Kind);
        AppendText(line.Append(",\"value\":"), Text);
        line.Append('}');
    }
}

public sealed record ListNode(IReadOnlyList<KeyNode> Items) : KeyNode
{
    internal override void AppendTo(StringBuilder line)
    {
        line.Append('[');
        for (var index = 0; index < Items.Count; index++)
            Items[index].AppendTo(index == 0 ? line : line.Append(','));
        line.Append(']');
    }
}

public sealed record RecordNode(IReadOnlyList<(string Name, KeyNode Value)> Fields) : KeyNode
{
    internal override void AppendTo(StringBuilder line)
    {
        line.Append("{\"fields\":[");
        for (var index = 0; index < Fields.Count; index++)
        {
            AppendText((index == 0 ? line : line.Append(',')).Append('['), Fields[index].Name);
            Fields[index].Value.AppendTo(line.Append(','));
            line.Append(']');
        }

        line.Append("]}");
    }
}
