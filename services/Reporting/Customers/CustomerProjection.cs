using ForgeShop.Contracts.Events;
using ForgeShop.Documents;
using ForgeShop.Reporting.Log;

namespace ForgeShop.Reporting.Customers;

/// <summary>Keeps who a customer is.</summary>
public sealed class CustomerProjection(IDocumentCollection<CustomerReport> customers) : IProjection
{
    public async Task ApplyAsync(RecordedEvent recorded, CancellationToken cancellationToken)
    {
        if (recorded.Is<UserRegistered>(out var registered))
            await customers.UpdateAsync(registered.UserId.Value, known => (known ?? new(registered.UserId)).With(registered, recorded.Sequence), cancellationToken);
        else if (recorded.Is<UserProfileChanged>(out var changed))
            await customers.UpdateAsync(changed.UserId.Value, known => (known ?? new(changed.UserId)).With(changed, recorded.Sequence), cancellationToken);
    }
}
