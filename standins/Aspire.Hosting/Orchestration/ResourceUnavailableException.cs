namespace Aspire.Hosting.Orchestration;

/// <summary>A resource cannot run here, and trying again does not help; the message is one clear line.</summary>
internal sealed class ResourceUnavailableException(string message, Exception innerException) : Exception(message, innerException);
