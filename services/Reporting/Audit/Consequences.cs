namespace ForgeShop.Reporting;

/// <summary>Removes findings that follow from another one, so that a report names the store that is wrong.</summary>
internal static class Consequences
{
    public static List<AuditFinding> Remove(IReadOnlyCollection<AuditFinding> findings, AuditedShop shop)
    {
        bool IsOwners(AuditFinding finding) => shop.AuthorityOf(finding.EntityType)?.Name == finding.Store;
        // A row whose ID was changed: the other stores still have the ID that its key derives.
        var moved = findings.Where(finding => finding.ExpectedId is not null && IsOwners(finding))
            .Select(finding => (finding.EntityType, finding.ExpectedId!.Value)).ToHashSet();
        // The owner's own content was changed, or its row was removed: its copies differ from it, or are left over.
        var changed = Owners(AuditStates.Mismatch);
        var removed = Owners(AuditStates.Missing);
        bool Follows(AuditFinding finding) => finding.State switch
        {
            AuditStates.Missing => moved.Contains((finding.EntityType, finding.Id)),
            AuditStates.Mismatch => !IsOwners(finding) && changed.Contains((finding.EntityType, finding.Id)),
            _ => moved.Contains((finding.EntityType, finding.Id)) || removed.Contains((finding.EntityType, finding.Id)),
        };
        return [.. findings.Where(finding => !Follows(finding)).DistinctBy(finding => finding.Identity)];

        HashSet<(string, Guid)> Owners(string state) => [.. findings.Where(finding => finding.State == state && IsOwners(finding))
            .Select(finding => (finding.EntityType, finding.Id))];
    }
}
