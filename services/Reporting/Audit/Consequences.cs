namespace ForgeShop.Reporting;

/// <summary>Removes findings that follow from another one, so that a report names the store that is wrong.</summary>
internal static class Consequences
{
    public static List<AuditFinding> Remove(IReadOnlyCollection<AuditFinding> findings, AuditedShop shop)
    {
        // A row whose ID was changed: the other stores still have the ID that its key derives.
        var moved = findings.Where(finding => finding.ExpectedId is not null)
            .Select(finding => (finding.Store, finding.ExpectedId!.Value)).ToHashSet();
        // The owner's own content was changed: its copies differ from it.
        bool IsOwners(AuditFinding finding) => shop.AuthorityOf(finding.EntityType)?.Name == finding.Store;
        var changed = findings.Where(finding => finding.State == AuditStates.Mismatch && IsOwners(finding))
            .Select(finding => (finding.EntityType, finding.Id)).ToHashSet();
        bool Follows(AuditFinding finding) => finding.State switch
        {
            AuditStates.Missing => moved.Contains((finding.Store, finding.Id)),
            AuditStates.Mismatch => !IsOwners(finding) && changed.Contains((finding.EntityType, finding.Id)),
            _ => false,
        };
        return [.. findings.Where(finding => !Follows(finding)).DistinctBy(finding => finding.Identity)];
    }
}
