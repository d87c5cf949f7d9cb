global using static ForgeShop.StandIns.Tests.Eventually;
