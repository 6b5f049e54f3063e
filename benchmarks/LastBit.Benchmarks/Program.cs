// One mode a line; every mode prints what it measured together with the machine's peak of the same minute.
using LastBit.Benchmarks;

switch (args.FirstOrDefault())
{
    case "peak":
        Console.WriteLine(MachinePeak.Measure(args.Length > 1 ? int.Parse(args[1], System.Globalization.CultureInfo.InvariantCulture) : Environment.ProcessorCount));
        return 0;
    default:
        Console.Error.WriteLine("usage: LastBit.Benchmarks peak [THREADS]");
        return 2;
}
