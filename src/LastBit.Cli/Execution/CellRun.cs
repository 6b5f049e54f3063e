using System.CommandLine;
using System.Text.Json.Nodes;
using LastBit.Arithmetic;
using LastBit.Reports.Results;
using LastBit.Runs;

namespace LastBit.Cli.Execution;

/// <summary>
/// A command that is made of cells, ready to be run. One for every such experiment; an executor knows nothing else of it.
/// </summary>
/// <param name="Folder">The result folder.</param>
/// <param name="Cells">All cells that were asked for, by name, in the order of the table.</param>
/// <param name="Prepare">Puts settings and plan on disk, so that any process can compute a cell.</param>
/// <param name="Gather">The arguments of the command that puts the finished cells together (tables and figures).</param>
/// <param name="Here">Computes everything in this process and prints it.</param>
internal sealed record CellRun(string Folder, IReadOnlyList<string> Cells, Action Prepare, string[] Gather, Func<int> Here)
{
    /// <summary>Adds to a command what every command made of cells has.</summary>
    internal static Command Complete(Command command) => ExecutorOptions.AddTo(LiveView.AddTo(command).WithCommonOptions());

    /// <summary>Has the cells of one experiment computed by whom the command line names.</summary>
    /// <param name="parse">The command line.</param>
    /// <param name="kind">The command.</param>
    /// <param name="document">The settings that every cell has.</param>
    /// <param name="asked">What is asked for, as the folder remembers it.</param>
    /// <param name="cells">The cells' names.</param>
    /// <param name="growing">Members of the settings of which a folder can be given more.</param>
    /// <param name="check">Makes sure, before the folder is made, that this machine can compute them.</param>
    /// <param name="here">Computes everything in this process and prints it.</param>
    /// <returns>The exit code.</returns>
    internal static int Execute(ParseResult parse, string kind, JsonObject document, JsonObject asked, IReadOnlyList<string> cells,
        IReadOnlyList<string> growing, Action check, Func<CommandRun, int> here)
    {
        IExecutor executor = ExecutorOptions.Of(parse);
        string path = CommonOptions.FolderOf(parse, kind);
        return executor.Execute(new CellRun(path, cells, Prepare, [kind, "--resume", Path.GetFullPath(path)], Here));

        void Prepare()
        {
            using RunFolder folder =
                RunFolder.Open(path, kind, document, MachineInfo.Current.Threads, shared: true, asked, growing: growing);
            folder.Record(RunFolder.PartOfTime, true);
            CellStore.Plan(path, kind, asked);
        }

        int Here()
        {
            check();
            using CommandRun run = CommandRun.Open(
                parse, kind, document, shared: true, goOn: folder => $"lastbit {kind} --resume {ShellWord.Quote(folder)}", cells: asked,
                growing: growing);
            run.Asked = cells;
            return here(run);
        }
    }
}
