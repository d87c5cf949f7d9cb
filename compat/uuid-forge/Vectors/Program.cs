using System.Text;
using ForgeShop.Forge.Cli;
using ForgeShop.Vectors;

// ./forge vectors: the forge tool, which depends on Forge alone, with the vectors of the compatibility library added.
using var input = Console.OpenStandardInput();
using var output = new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), 1 << 16);
using var error = new StreamWriter(Console.OpenStandardError(), output.Encoding) { AutoFlush = true };
return ForgeTool.Run(args, input, output, error, AllVectors.Sorts);
