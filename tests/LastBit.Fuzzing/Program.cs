using System.Diagnostics;
using System.Globalization;
using LastBit.Fuzzing;

// dotnet run -c Release --project tests/LastBit.Fuzzing -- READER|all [--minutes M] [--seed S] [--out DIR]
if (args.Length == 0 || args.Length % 2 == 0 || (args[0] != "all" && FuzzTargets.All.All(target => target.Name != args[0])))
{
    Console.Error.WriteLine(
        "give READER [--minutes M] [--seed S] [--out DIR]; READER is all or one of "
            + $"{string.Join(", ", FuzzTargets.All.Select(target => target.Name))}");
    return 2;
}
double minutes = 1;
int seed = 1;
string folder = "fuzzing";
for (int i = 1; i < args.Length; i += 2)
{
    bool known = args[i] switch
    {
        "--minutes" => double.TryParse(args[i + 1], NumberStyles.Float, CultureInfo.InvariantCulture, out minutes) && minutes > 0,
        "--seed" => int.TryParse(args[i + 1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out seed),
        "--out" => (folder = args[i + 1]).Length > 0,
        _ => false,
    };
    if (!known)
    {
        Console.Error.WriteLine($"{args[i]} {args[i + 1]}: is not understood; give --minutes M, --seed S or --out DIR");
        return 2;
    }
}

int failed = 0;
foreach (FuzzTarget target in FuzzTargets.All.Where(target => args[0] == "all" || target.Name == args[0]))
{
    var clock = Stopwatch.StartNew();
    FuzzReport report = Fuzzer.Run(target, seed, long.MaxValue, TimeSpan.FromMinutes(minutes), slowest: TimeSpan.FromSeconds(10));
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
        $"{target.Name}: {report.Tries} inputs in {clock.Elapsed.TotalSeconds:F0} s, {report.Accepted} read, {report.Failures.Count} "
            + $"kinds of failure"));
    foreach (FuzzFailure failure in report.Failures)
    {
        failed++;
        Directory.CreateDirectory(folder);
        string file = Path.Combine(folder, $"{target.Name}-{seed}-{failed}.bin");
        File.WriteAllBytes(file, failure.Input);
        Console.WriteLine($"  {failure.What}: {file}");
    }
}
return failed == 0 ? 0 : 1;
