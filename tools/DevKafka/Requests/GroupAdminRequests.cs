using ForgeShop.DevKafka.Groups;
using ForgeShop.DevKafka.Protocol;

namespace ForgeShop.DevKafka.Requests;

/// <summary>The requests that find, list, describe and delete groups.</summary>
internal static class GroupAdminRequests
{
    private const sbyte GroupKey = 0;

    public static void FindCoordinator(Exchange exchange)
    {
        var (reader, writer, version) = exchange;
        List<string> keys = version < 4 ? [reader.ReadString()] : [];
        var error = version >= 1 && reader.ReadInt8() != GroupKey ? ErrorCode.TransactionalIdAuthorizationFailed : ErrorCode.None;
        var message = error == ErrorCode.None ? null : "DevKafka has no transactions";
        if (version >= 4)
            keys = reader.ReadNullableArray(reader.ReadString, itemsAreStructures: false) ?? [];

        if (version >= 1)
            writer.WriteThrottleTime();
        if (version >= 4)
        {
            writer.WriteArray(keys, key =>
            {
                writer.WriteString(key);
                exchange.Broker.Node.Write(writer);
                writer.WriteError(error);
                writer.WriteString(message);
            });
            return;
        }

        writer.WriteError(error);
        if (version >= 1)
            writer.WriteString(message);
        exchange.Broker.Node.Write(writer);
    }

    public static void List(Exchange exchange)
    {
        var (reader, writer, version) = exchange;
        var states = version >= 4 ? reader.ReadNullableArray(reader.ReadString, itemsAreStructures: false) ?? [] : [];
        var groups = exchange.Broker.Groups.GroupIds.Select(exchange.Broker.Groups.Describe).OfType<GroupDescription>()
            .Where(group => states.Count == 0 || states.Contains(group.State.ToString(), StringComparer.OrdinalIgnoreCase));
        if (version >= 1)
            writer.WriteThrottleTime();
        writer.WriteError(ErrorCode.None);
        writer.WriteArray(groups.ToList(), group =>
        {
            writer.WriteString(group.Id);
            writer.WriteString(group.ProtocolType);
            if (version >= 4)
                writer.WriteString(group.State.ToString());
        });
    }

    public static void Describe(Exchange exchange)
    {
        var (reader, writer, version) = exchange;
        var groupIds = reader.ReadNullableArray(reader.ReadString, itemsAreStructures: false) ?? [];
        if (version >= 1)
            writer.WriteThrottleTime();
        writer.WriteArray(groupIds, groupId =>
        {
            var group = exchange.Broker.Groups.Describe(groupId);
            writer.WriteError(ErrorCode.None);
            writer.WriteString(groupId);
            writer.WriteString(group?.State.ToString() ?? "Dead");
            writer.WriteString(group?.ProtocolType ?? string.Empty);
            writer.WriteString(group?.Protocol ?? string.Empty);
            writer.WriteArray(group?.Members ?? [], member =>
            {
                writer.WriteString(member.Id);
                writer.WriteString(member.Client.Id);
                writer.WriteString(member.Client.Host);
                writer.WriteBytes(member.MetadataFor(group!.Protocol));
                writer.WriteBytes(member.Assignment);
            });
            if (version >= 3)
                writer.WriteInt32(int.MinValue); // authorized operations: not requested or not known
        });
    }

    public static void Delete(Exchange exchange)
    {
        var (reader, writer, _) = exchange;
        var groupIds = reader.ReadNullableArray(reader.ReadString, itemsAreStructures: false) ?? [];
        writer.WriteThrottleTime();
        writer.WriteArray(groupIds, groupId =>
        {
            writer.WriteString(groupId);
            writer.WriteError(exchange.Broker.Groups.Delete(groupId));
        });
    }
}
