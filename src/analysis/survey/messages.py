"""Messages of the checks: each has a code, a text and a remedy, in both languages.

The rules of a study (`rules.csv`) have their own messages. Letters of the codes: F file, S sheet, H
header, L row, C cell, V look of a cell, P place, T total, O origin, W previous wave, X character, D
`wave.toml`, K `corrections.csv`, B tables of the study.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Message:
    """Message of one check; texts may have fields in braces, such as `{file}`.

    zh, en: what is wrong or asked. remedy_zh, remedy_en: what to do about it. asks: whether it is a
    question, which does not stop a run. zh_county: what the county reads instead of `zh`, if that
    names another county.
    """

    code: str
    zh: str
    en: str
    remedy_zh: str
    remedy_en: str
    asks: bool = False
    zh_county: str = ""

    @property
    def remedy(self) -> str:
        """The remedy in both languages."""
        return f"{self.remedy_zh} ({self.remedy_en})" if self.remedy_zh else ""

    def fault(self, tail: str = "", /, **values: object) -> Fault:
        """Fill in the fields; tail: text that follows the English, which is in brackets."""
        en = self.en.format(**values)
        county = f"{self.zh_county} ({en})" if self.zh_county else ""
        return Fault(self, f"{self.zh.format(**values)} ({en}){tail}", county)


@dataclass(frozen=True)
class Fault:
    """A message with its fields filled in.

    county_text: what the county reads instead, if it differs.
    """

    message: Message
    text: str
    county_text: str = ""


def question(code: str, zh: str, en: str, zh_county: str = "") -> Message:
    """Return a message that is a question about what may be right."""
    remedy = ("请核实：无误则说明原因，有误则改正", "confirm with a reason, or mend it")
    return Message(code, zh, en, *remedy, asks=True, zh_county=zh_county)


SAVE_AGAIN = ("用 Excel、WPS 或 LibreOffice 另存为 .xlsx 后重交", "save again as .xlsx")
SMALLER = ("删去图片和多余格式后重交", "remove pictures and formats")
IN_FRAME = ("代码、街道、社区须为名录中的同一行", "copy them from the list")
UNIT_OF_FORM = ("按下发表格的单位填报", "use the unit of the form")
GIVE_WAN = ("核对单位：1万元=10000元，按万元重填", "check the unit: give 万元")
UNIT_AND_DIGITS = ("核对单位和位数后重填", "check unit and digits")
FROM_LIST = ("从下拉列表中选一项", "choose from the list")
ADD_IT = ("补上", "add it")
ITS_FORM = ("改正格式", "mend its form")
RECOMPUTE = ("重算小计、合计，或改正明细", "recompute the total, or mend the rows")
RENAME_FILE = ("按“代码_县名.xlsx”改名或移走", "rename or remove it")
UTF8 = ("另存为 CSV UTF-8", "save as CSV UTF-8")
PLAIN_DIGITS = (
    "用普通数字重填，注号、批注写入备注",
    "retype it in plain digits; notes go into 备注",
)
DATE_AS_DATE = ("填年月日，如 2018-03-01；单元格设为日期或文本", "a full date")
RIGHT_FILE = (
    "换上本县的文件，或改正文件名、填报单位",
    "hand in the right file, or mend its name or 填报单位",
)
DELETE_CHARACTER = (
    "删去该字符，或重新输入整段文字",
    "delete the character, or type the text again",
)

# fmt: off
# files of a wave
NO_FOLDER = Message("F01", "没有此文件夹", "no such folder", "核对文件夹名和 --wave", "check the name")
EMPTY_FOLDER = Message("F02", "文件夹是空的", "the folder is empty", "核对文件夹名，或放入上报文件", "check the name, or put the files there")
FILE_MISSING = Message("F03", "缺少此文件", "file is missing from {folder}/", "补交该文件", "hand it in")
FILE_NAME_ODD = Message("F04", "文件名不是 UTF-8，或含控制字符", "its name cannot be printed", "改名", "rename it")
FOLDER_IN_WAVE = Message("F05", "文件夹不读", "folders are not read", "把文件移到本轮文件夹", "move its files up")
UNKNOWN_FILE = Message("F06", "不是本轮文件", "not a file of this wave", *RENAME_FILE)
NAME_AND_CODE = Message("F07", "文件名中的代码与县名不符", "code and name do not agree", "核对文件名", "check the file name")
OTHER_FORMAT = Message("F08", "不能读取 {suffix}", "save as .xlsx", "另存为 .xlsx 后重交", "save as .xlsx")
FILE_TWICE = Message("F09", "同一县交了两份，另一份是 {file}", "handed in twice", "只交一份", "hand in one")
NOT_REGULAR = Message("F10", "不是普通文件", "not a regular file", "交文件本身，不交链接", "hand in the file itself")
DAMAGED = Message("F11", "无法打开：文件已损坏，或不是 xlsx", "cannot be opened: damaged, or not .xlsx", *SAVE_AGAIN)
NOT_A_WORKBOOK = Message("F12", "无法打开：不是 xlsx 工作簿", "cannot be opened: not an .xlsx workbook", *SAVE_AGAIN)
PART_TWICE = Message("F13", "无法打开：部件重名", "cannot be opened: a part is there twice", *SAVE_AGAIN)
DOCTYPE = Message("F14", "无法打开：内含 DOCTYPE", "cannot be opened: it holds a DOCTYPE", *SAVE_AGAIN)
BAD_CSV = Message("F15", "无法打开：引号不成对，或单元格过长", "cannot be opened: unbalanced quotes, or too long a cell", *SAVE_AGAIN)
ENCRYPTED = Message("F16", "加密或旧格式的工作簿", "encrypted, or an old .xls", "去掉密码，另存为 .xlsx", "remove the password, save as .xlsx")
TOO_LARGE = Message("F17", "文件过大", "too large: over {mb} MB", *SMALLER)
TOO_MANY_PARTS = Message("F18", "内含{parts}个部件，文件过大", "too large: over {most} parts", *SMALLER)
TOO_LONG = Message("F19", "“{sheet}” 到第{row}行还有内容，文件过大", "too large: clear the rows below the form", "删去表格下方的空行后重交", "delete those rows")
LINKED = Message("F20", "引用了其他文件", "links to other files", "把外部引用粘贴为数值后重交", "paste values")
ENCODING = Message("F21", "编码不明", "the text encoding is not UTF-8, GB18030 or marked UTF-16", *UTF8)

# sheets
SHEET_MISSING = Message("S01", "缺少此表", "sheet is missing", "补上该表", "add the sheet")
SHEET_TWICE = Message("S02", "此表重复", "sheet is there twice", "只留一份", "keep one")
UNKNOWN_SHEET = Message("S03", "第{place}张表{title}不是下发的表", "unknown sheet with content", "删去该表，或并入下发的表", "delete it or move its content")
NO_DATA = Message("S04", "没有数据行", "no rows of data", "填报后再交", "fill it in")
NOT_FILLED_IN = Message("S05", "没有填完：{sheets}有空白", "not filled in: {count} sheets", "逐表填完后再交；填法见“填表说明”", "fill in every sheet, then hand it in")
HIDDEN_LIST = question("S06", "隐藏的表，只供下拉列表选用，没有读入", "a hidden list of choices is not read: is that all it holds?")

# headers
NO_HEADER = Message("H01", "找不到表头", "no header found", "使用下发的表格，保留表头", "use the form as issued")
COLUMN_MISSING = Message("H02", "缺少此列", "column is missing from the header", "恢复下发表格的表头", "restore the header of the form")
COLUMN_TWICE = Message("H03", "此列重复", "column is there twice", "删去重复的列", "delete one")
COLUMN_UNKNOWN = Message("H04", "未知的列", "unknown column", "删去自加的列，内容可写入备注", "move it to 备注")
COLUMN_UNTITLED = Message("H05", "此列没有标题", "column without a header", "给出列标题，或清空该列", "name it or clear it")
COLUMN_RENAMED = Message("H06", "缺少{missing}，却有不认识的{unknown}列，也许是改了列名", "column missing beside an unknown one: maybe renamed", "恢复下发表格的列名，不要改动表头", "restore the title of the column")
OTHER_UNIT = Message("H07", "“{unit}” 单位应为 {wanted}", "the unit is not that of the form", *UNIT_OF_FORM)
OTHER_UNIT_LINE = Message("H08", "“单位：{unit}” 应为万元", "the unit is not that of the form", *UNIT_OF_FORM)
NO_UNIT = Message("H09", "没有注明元或万元", "no unit given", "在表头注明元或万元", "state 元 or 万元 in the header")
TWO_UNITS = Message("H10", "“{unit}” 与“单位：{line}”不一致", "two units", "表头与“单位”行须一致", "make header and unit line agree")
UNIT_IN_NOTE = question("H11", "说明中的金额单位与表头不同", "a note names another unit of money than the header: which is it?")

# rows
NOT_A_ROW = Message("L01", "不像数据行，是标题或签名", "not a row of data: a heading or a signature", "移到数据行之外，或在前面写“备注：”；是数据的，补全各列", "move it out of the rows, or begin it with 备注：; if it is data, fill in all columns")
BEGINS_AS_NOTE = question("L02", "开头像说明或签名的行，已按数据读入", "a row that begins as a note is read as data: is it meant to count?")
BELOW_SIGNATURES = question("L03", "签名以下的行，已按数据读入", "a row below the signatures is read as data: is it meant to count?")
CELLS_SHIFTED = Message("L04", "{since}数据比表头向{side_zh}错了{columns}列", "cells stand {columns} {noun} to the {side} of their headers", "把这些行的数据整块移回各自的列", "move the block back under its headers")
COLUMN_SLID = Message("L05", "此列的数据整体下移了一行，进了小计、合计行", "a total row holds an answer: the column stands a row too low", "把此列上移一行，对齐各行", "move the column up by one row")
REPORTED_TWICE = Message("L06", "重复填报", "reported twice", "只留一行", "keep one row")
PERSON_TWICE = Message("L07", "同一人已在 {file} 第{row}行", "this person is entered twice", "核实后只留一处", "keep the person in one place")

PERSON_IN_ANOTHER = Message("L08", "同一人已在 {file} 第{row}行", "this person is entered twice: in another county too", "核实后只留一处", "keep the person in one place", zh_county="同一人也在另一县（市、区）的花名册中")

# cells
NOT_A_NUMBER = Message("C01", "不是数字", "not a number", "只填阿拉伯数字，不加“约”、区间或文字", "digits only")
NOT_WHOLE = Message("C02", "应为整数", "a whole number is wanted", "填整数，不带小数", "no decimals")
NOT_YES_OR_NO = Message("C03", "应填“{yes}”或“{no}”", "answer {yes} or {no}", "只填这两项之一", "one of these two only")
NOT_A_DATE = Message("C04", "不是日期，如 2018-03-01 或 2018年3月", "not a date", *DATE_AS_DATE)
JANUARY_OR_OCTOBER = Message("C05", "1月还是10月？写成 1988年1月", "not a date: January, or October without its last zero", *DATE_AS_DATE)
TIME_OF_DAY = Message("C06", "带有时刻，不是日期", "not a date: it has a time of day", *DATE_AS_DATE)
NOT_TEXT = Message("C07", "不是文字", "not text", "把单元格设为文本后重填", "format the cell as text")
NOT_AN_ANSWER = Message("C08", "应为 {answers} 之一", "not one of the answers", *FROM_LIST)
NOT_A_PLACE = Message("C09", "不是地名", "not the name of a place", "按名录填写名称，不加注号", "copy it from the list")
BLANK_CELL = Message("C10", "空白", "blank", "补填，填法见“填表说明”", "fill it in; the sheet 填表说明 says what the column takes")
BLANK_ZERO = Message("C11", "空白", "blank: 0 is an answer", "补填；确实没有的填 0", "fill it in, 0 where there is none")
BLANK_NONE = Message("C12", "空白", "blank: 无 is an answer", "补填；确实没有的填“无”", "fill it in, 无 where there is none")
ERROR_VALUE = Message("C13", "{value}是错误值", "an error value", "改正公式或直接填数，再保存", "mend the formula or type the value")
NO_RESULT = Message("C14", "公式没有结果", "a formula without a result", "在 Excel 或 WPS 中重算后保存，或粘贴为数值", "recalculate, or paste values")
MERGED_DOWN = Message("C15", "与上方单元格合并，没有自己的值", "merged with the cell above: no value of its own", "取消合并，逐格填写", "unmerge, and fill in each cell")
MERGED_ACROSS = Message("C16", "与左侧单元格合并，没有自己的值", "merged with the cell on the left: no value of its own", "取消合并，逐格填写", "unmerge, and fill in each cell")
NOT_PLAIN_DIGIT = Message("C17", "含有字符{shown}，不是普通数字", "holds {shown}: not a plain digit", *PLAIN_DIGITS)
NOT_BETWEEN = Message("C18", "应在 {low}–{high} {unit}之间", "must be between {low} and {high}", *UNIT_AND_DIGITS)
MAYBE_YUAN = Message("C19", "应在 {low}–{high} {unit}之间，可能是按元填的", "must be between {low} and {high}, in 万元", *GIVE_WAN)
NOT_AT_LEAST = Message("C20", "应不小于 {low}{unit}", "must be at least {low}", *UNIT_AND_DIGITS)
DATE_NOT_BETWEEN = Message("C21", "应在 {low} 至 {high} 之间", "must be a date between {low} and {high}", "核对年份后重填", "check the year")
TOO_SHORT = Message("C22", "至少 {low} 个字", "must have at least {low} characters", "写全称", "write it in full")
NOT_SO_MANY_DIGITS = Message("C23", "应为{digits}位数字", "must be a code of {digits} digits", "按名录填写代码，单元格设为文本", "copy it from the list, as text")
NOT_THE_PATTERN = Message("C24", "应符合 {pattern}", "must be a code that matches {pattern}", "按名录填写代码，单元格设为文本", "copy it from the list, as text")
NOT_A_COUNTY = Message("C25", "不以名录中县（市、区）的代码开头", "must begin with the code of a county of the frame", "按名录改正代码", "copy it from the list")
NOT_AN_ID = Message("C26", "不是有效的身份证号", "not a valid ID number", "按证件重填18位号码，单元格设为文本", "retype it as text")
NOT_A_PHONE = Message("C27", "不是11位手机号", "not an 11-digit mobile number", "填11位手机号，单元格设为文本", "retype it as text")
ALL_IN_YUAN = Message("C28", "可能是按元填的，应为万元", "it may be in 元, not in 万元", *GIVE_WAN)

# how a sheet shows cells
ROW_HIDDEN = question("V01", "隐藏的行，已按数据读入", "a hidden row is read as data: is it meant to count?")
ROW_STRUCK = question("V02", "加了删除线的行，已按数据读入", "a struck-through row is read as data: is it meant to count?")
COLUMN_HIDDEN = question("V03", "隐藏的列，已按数据读入", "a hidden column is read as data: is it meant to count?")
SHEET_HIDDEN = question("V04", "隐藏的表，已按数据读入", "a hidden sheet is read as data: is it meant to count?")
COVERED = question("V05", "被合并单元格盖住的内容，已按数据读入", "a value covered by a merged cell is read as data: is it meant to count?")
CONDITIONAL = question("V06", "条件格式会划掉、隐藏或改变数字", "conditional formatting may strike out or hide cells: do all of them count?")
STRUCK = question("V07", "有删除线，照原样读入", "struck-through text is read as it stands: is it meant to count?")
RAISED = question("V08", "有上标或下标，连同其余文字读入", "a superscript or subscript is read with the rest: is it so?")
UNSEEN = question("V09", "看不见的内容（颜色、字号或格式），已按数据读入", "what cannot be seen is read as data: is it meant to count?")
PERCENT = question("V10", "显示为百分数，按存储的数读入", "shown as a percentage, read as stored: is it so?")
SCALED = question("V11", "按千为单位显示，按存储的数读入", "shown in thousands, read as stored: is it so?")
ZERO_SAVED = question("V12", "公式的结果存为0，可能没有算过，按0读入", "a formula saved as 0: was it calculated?")
FORMAT_ADDS = question("V13", "单元格格式另加了{shown}，按存储的数读入", "the number format adds {added}, read as stored: is the unit so?")

# places
NOT_IN_TABLE = Message("P01", "社区代码不在“{table}”中", "not in that table", "先在所指的表中补上该社区，或改正代码", "add it there, or mend the code")
NOT_DRAWN = Message("P02", "社区未被抽中", "not in the sample", "只访谈抽中的社区；改正代码", "mend the code")
NOT_IN_FRAME = Message("P03", "不在社区名录中", "not in the frame", "改正代码；确属新设的报课题组登记", "mend the code, or have it registered")
NOT_IN_FRAME_NAMED = Message("P04", "不在社区名录中；名录中{named}", "not in the frame", "改正代码；确属新设的报课题组登记", "mend the code, or have it registered")
NOT_AS_CODE = Message("P05", "与社区代码在名录中的不符", "not what the frame has for the code", *IN_FRAME)
CODE_OF_ANOTHER = Message("P06", "是另一社区的代码；名录中{named}", "not what the frame has for the code", *IN_FRAME)
NOT_AS_NAME = Message("P07", "与社区名称在名录中的不符", "not what the frame has for the name", *IN_FRAME)
NOT_A_TOWNSHIP = Message("P08", "不是本县的街道（乡镇）", "not a township of this county", "按名录填写街道（乡镇）名称", "use the name in the list")
COMMUNITY_MISSING = Message("P09", "缺少 {place}", "community of the frame is missing", "补报该社区；确已撤销的报课题组登记", "report it, or have it registered")
TOWNSHIP_MISSING = Message("P10", "缺少 {place}", "township of the frame is missing", "补报该街道（乡镇）", "report it")
ITEM_MISSING = Message("P11", "缺少 {place}", "item is missing", "补报该项目，没有的填 0", "add it, 0 where there is none")
NOT_INTERVIEWED = question("P12", "抽中而没有访谈", "in the sample but not interviewed: refused?")
FEWER_THAN_INTERVIEWED = Message("P13", "小于“{table}”中的人数", "is less than the people interviewed there", "核对两张表，改正不符的一处", "check both sheets and mend the one that is wrong")

# totals
NOT_SUM_OF_PARTS = Message("T01", "不等于各级资金之和", "is not the sum of the sources", "核对各级资金，使之相加等于合计", "make the parts add up")
PARTS_IN_YUAN = Message("T02", "与合计、各级资金对不上，可能是按元填的", "is not the sum of the sources: it may be in 元", *GIVE_WAN)
NOT_SUM = Message("T03", "填 {value}，{rows}之和为 {sum}", "is not the sum of rows", *RECOMPUTE)
NOT_COUNT = Message("T04", "填 {value}，{rows}的行数为 {sum}", "is not the count of rows", *RECOMPUTE)
SUM_IN_YUAN = Message("T05", "填 {value}，{rows}之和为 {sum}，单位可能不同", "is not the sum of rows: one of them may be in 元", *GIVE_WAN)
# wrong totals, which may follow from other faults
WRONG_TOTALS = frozenset({NOT_SUM.code, NOT_COUNT.code, SUM_IN_YUAN.code})
TOTAL_HOLDS_DATA = Message("T06", "小计、合计行中有明细内容", "a total row holds an answer", "明细另起一行，或删去小计、合计字样", "give the answer a row of its own")
NO_ROWS_ABOVE = Message("T07", "小计上方没有明细行，也许小计重复", "a subtotal without rows of its own above it", "删去重复的小计，或把明细移回其上方", "delete it, or put its rows above it")
ROWS_SORTED = Message("T08", "小计上方不是本街道的行，也许整表排序了", "rows no longer stand above their subtotals, perhaps sorted", "撤销排序，让各街道的行回到小计之上", "undo the sorting")

# whose file it is, and of which wave
FILE_OF_ANOTHER = Message("O01", "文件名是{own}，内容是{other}的（{by}）", "belongs to another county", *RIGHT_FILE, zh_county="内容是另一县（市、区）的")
SHEET_OF_ANOTHER = Message("O02", "此表多数行是{other}的", "belongs to another county", *RIGHT_FILE, zh_county="内容是另一县（市、区）的")
OFFICE_OF_ANOTHER = Message("O03", "填报单位是{other}", "belongs to another county", *RIGHT_FILE, zh_county="填报单位是另一县（市、区）")
OF_ANOTHER = frozenset({FILE_OF_ANOTHER.code, SHEET_OF_ANOTHER.code, OFFICE_OF_ANOTHER.code})
UNKNOWN_OFFICE = question("O05", "填报单位不在县名别名表中", "a name that is not in the alias table: is this the right county?")
MENTIONS_ANOTHER = question("O06", "多数行写的是{other}", "most rows name another county: are they this county's?")
TITLE_OF_ANOTHER = question("O07", "标题写的是{other}", "the title names another county: is it so?", "标题是另一县（市、区）的")
SAME_ROWS = question("O08", "{rows}行与另一县（市、区）的完全相同", "the same rows as in the file of another county: is it so?")
DATE_UNREAD = question("O09", "填报日期读不出", "the date cannot be read: is it of this wave?")
TITLE_YEAR = question("O10", "{year}，标题的年份不是本轮的", "another year in the title: is it of this wave?")
NOT_THIS_WAVE = Message("O11", "填报日期 {day}，基准日 {reference}，不是本轮的表", "not of this wave", "换上本轮填报的文件，或改正填报日期", "hand in this wave's file, or mend the date")
DATE_FAR = question("O12", "填报日期 {day}，基准日 {reference}，与基准日相距太远", "far from the reference date: is it of this wave?")
STALE = question("O13", "最晚的一项也早于基准日{months}个月以上", "no date in the {months} months before the reference date: is it of this wave?")
AFTER_REFERENCE = question("O14", "晚于 {day}", "after the reference date: is it so?")

# the wave before
JUMP = question("W01", "上一轮 {before}，本轮 {after}，超过{factor}倍", "a jump since the last wave: is it so?")
FIXED_CHANGED = question("W02", "上一轮 {before}，本轮 {after}，不应变动", "a fixed figure has changed: is it so?")
UNCHANGED = question("W03", "每一格都与上一轮相同", "the same in every cell as in the wave before: is it this wave's file?")
NOTHING_COMPARED = question("W04", "上一轮没有一张表读得全，没有比较", "nothing is compared with the wave before: is that so?")
NOT_COMPARED = question("W05", "上一轮的这张表读不全，没有比较", "not compared: the wave before cannot be read whole: is that so?")

# characters of texts that are published
NOT_SEEN = Message("X01", "含有看不见的字符 {code}", "a character that is not seen: {code}", *DELETE_CHARACTER)
BARE_MARK = Message("X02", "含有没有本字的附加符号 {code}", "a combining mark without its letter: {code}", "删去该符号", "delete the mark")
NOT_DRAWN_BY_FONT = Message("X03", "含有字体没有的字符“{character}” {code}", "a character that the font cannot draw: {code}", "换用字体中有的写法", "write it in characters that the font has")

# the declaration of a wave
NO_DECLARATION = Message("D01", "缺少此文件，应写明 {keys}", "the declaration is missing from {folder}/", "复制上一轮的 wave.toml，改成本轮的内容", "copy that of the wave before and edit it")
UNREADABLE = Message("D02", "无法读取", "cannot be read", *ITS_FORM)
KEY_MISSING = Message("D03", "缺少此项", "is missing", *ADD_IT)
ONE_LANGUAGE = Message("D04", "应有中英文", "both zh and en are wanted", "补上两种语言", "give both")
NOT_ONE_OF = Message("D05", "应为 {values} 之一", "not one of these", "从所列中选一项", "choose one")
WAVE_AND_FOLDER = Message("D06", "“{wave}” 与文件夹 {folder} 不符", "wave and folder do not agree", "改正 wave，或把文件夹改名", "mend wave, or rename the folder")
WAVE_AND_DATE = Message("D07", "{day} 不在 {wave} 前后", "wave and reference date do not agree", "核对 wave 与 reference_date", "check both")
NO_DAY = Message("D08", "不是日期，如 2020-04-30", "not a date", "写成不带引号和时刻的日期", "a date without quotes or time")
TEXT_TOO_LONG = Message("D09", "超过{most}字", "cannot be read: more than {most} characters", "缩短", "shorten it")
PLACE_CHANGE = Message("D10", "第{number}项地名变更无法应用", "cannot be read: change {number}", *ITS_FORM)
NOT_A_WAVE = Message("D11", "应如 2020", "not a wave, as 2020", "写成四位年份", "give a year of four digits")

# corrections
CORRECTIONS_UTF8 = Message("K01", "编码不是 UTF-8", "cannot be read: the text encoding is not UTF-8", *UTF8)
OTHER_COLUMNS = Message("K02", "列应为 {columns}", "cannot be read: other columns", "恢复首行", "restore the first line")
OTHER_FIELDS = Message("K03", "应有 {fields} 个字段，有逗号的文字要加引号", "cannot be read: not {fields} fields", "核对逗号和引号", "check commas and quotes")
CORRECTED_TWICE = Message("K04", "同一单元格改了两次", "corrected twice", "同一单元格只留一条", "keep one")
NO_REASON = Message("K05", "更正须写明此项", "blank: a correction says why, by whom and when", "写明更正的理由、经手人的角色和日期", "give the reason, the role and the date")
IDENTIFIER = Message("K06", "身份信息不在此更正", "identifiers are not corrected here", "退回县里在原表改正", "send it back to the county")
CHANGES_NOTHING = Message("K07", "新旧相同", "changes nothing", "删去这条更正", "drop it")
EXPECTED_OTHER = Message("K08", "{place} 不是“{expected}”{found}", "the expected value is not there", "原表已变：核对后改写或删去这条更正", "the file has changed: mend or drop it")
NO_SUCH_FILE = Message("K09", "没有此文件，或没有读到数据", "no such file, or nothing was read of it", "按上报文件的全名填写，如“代码_县名.xlsx”", "copy the name of the file")
NO_SUCH_SHEET = Message("K10", "没有此表，或没有读到数据；读到的有 {sheets}", "no such sheet among those read", "按工作簿中的表名填写", "copy the title of the sheet")
NO_SUCH_COLUMN = Message("K11", "没有此列；此表有 {columns}", "no such column in that sheet", "按表头填写", "copy the header")
NO_SUCH_ROW = Message("K12", "此表没有这一行数据", "no such row of data in that sheet", "按工作簿左侧的行号填写，只限数据行和合计行", "copy the row's number, of data or a total")

# the tables of the study
NO_STUDY = Message("B01", "缺少此文件", "the file that says what the study is is missing", "在本研究的文件夹中运行，或用 analysis new 新建", "run in the folder of a study, or make one with `analysis new`")
NO_SUCH_KEY = Message("B02", "没有此项", "no such key", "改正名称，或删去此项", "mend its name, or delete it")
NOT_A_PATTERN = Message("B03", "不是正则表达式", "cannot be read as a pattern", *ITS_FORM)
NOT_A_NOTEBOOK = Message("B04", "应如 02_facilities", "cannot be read as the name of a notebook", *ITS_FORM)
TITLE_WITHOUT_PLACE = Message("B05", "应有且只有一处 {{}}", "the place of the district's name, once", *ITS_FORM)
NOT_OPTIONAL = Message("B06", "{name}: 应为 {known} 中的", "not an optional table", "改正表名", "mend the name of the table")
NO_SUCH_TABLE = Message("B07", "{name}: 没有此表；tables.csv 中应有 {line}", "no such table", "改正表名，或在 tables.csv 中补上此行", "mend it, or add this line to tables.csv")
COLUMN_NOT_LISTED = Message("B08", "{name}: columns.csv 中没有此列，应有 {line}", "no such column", "改正列名，或在 columns.csv 中补上此行", "mend it, or add this line to columns.csv")
NO_COLUMNS = Message("B09", "{name}: 没有列；columns.csv 中应有 {line}", "has no column", "在 columns.csv 中补上各列，或删去此表", "add such lines to columns.csv, or delete the table")
UNKNOWN_VALUE = Message("B10", "{value}: {known}", "unknown", "从所列中选一项", "choose one of these")
NOT_A_COLUMN_NAME = Message("B11", "{name}: 不能用", "not a name", "用小写英文字母、数字和下划线", "lower-case letters, digits and underscores")
NO_SUCH_LIST = Message("B12", "{name}: codes.csv 中没有，应有 {line}", "no such list", "改正名称，或在 codes.csv 中每个答案补一行", "mend it, or add such a line to codes.csv for each answer")
UNTIL_BEFORE_SINCE = Message("B13", "早于 since", "lies before since", "核对两项", "check both")
CODE_TWICE = Message("B14", "应各不相同，也不同于程序自有的", "codes must differ, also from the program's own", "另取编号", "choose another")
NO_WORDS = Message("B15", "应写明讯息和改法", "give message and remedy in both languages", "补上 message 和 remedy 各列", "fill in the columns of message and remedy")
NO_REFERENCE = Message("B16", "缺少此参考表，请恢复：git checkout -- {file}", "reference table not there: restore it with this command", "恢复，或从 study.toml 的 reference 中删去", "restore it, or take it out of `reference` in study.toml")
NOT_A_DISTRICT_CODE = Message("B17", "{value} 应符合 {pattern}", "a district code is {pattern}", "改正代码，或 study.toml 的 district", "mend it, or `district` of study.toml")
NOT_A_FILE_NAME = Message("B18", "{value} 不能用作文件名", "cannot be part of a file's name", "改正名称", "mend the name")
NO_SENTENCE = Message("B19", "缺少句式 {form}，应有 {line}", "no sentence of this form", "在该表末尾补上此行，写明中英文", "add this line to the file, with its words in zh and en")
OTHER_FORM = Message("B22", "应符合 {form}", "must have the form {form}", *ITS_FORM)
NOT_PROTECTED = Message("B20", "{indicator} 在 {district} 的人数太少，而且可由其他已公布的数推出", "too few people, and other published numbers give it away", "在 people.csv 中把相关指标的 by_district 改为 no", "set by_district to no for a related indicator in people.csv")
NOT_IN_PEOPLE = Message("B21", "{indicator} 统计的是个人，没有列入此表，应有 {line}", "counts people and is not listed", "在该表末尾补上此行；各列见 docs/disclosure.md", "add this line to the file; docs/disclosure.md explains its columns")
UNDATED = Message("B23", "没有写明发布日期", "no day of publication is declared", "在 study.toml 的 [release] 中写明 date，如 2020-04-30", "declare date under [release] in study.toml")
NO_ROW = Message("B24", "缺少 {key} 一行，应有 {line}", "no row for {key}", "改正名称，或在该表末尾补上此行，填好尖括号处", "mend the name, or add this line to the file and fill in what is in angle brackets")
OTHER_LENGTH = Message("B25", "有 {count} 个字段，应有 {fields} 个；有逗号的文字要加引号", "{count} fields, not {fields}", "核对逗号和引号", "check commas and quotes")
NOT_FILLED = Message("B26", "{value} 还没有填", "is not filled in yet", "填上，或留空", "fill it in, or leave it blank")
NOT_DECIMALS = Message("B27", "{value} 应为 0 至 6 的整数", "a whole number from 0 to 6 is wanted", "填保留几位小数", "say how many decimals are printed")
NAMED_TWICE = Message("B28", "{key} 出现两次", "is there twice", "只留一行，或另取名称", "keep one row, or choose another name")
NO_NAME = Message("B29", "{key} 没有名称", "has no name in this language", "填上名称", "fill it in")
SUM_OF_PEOPLE = Message("B30", "{indicator} 合计的是个人的数值，不公布", "adds up values of people, which are not published", "改用 count 或 mean", "take count or mean")
LEAK = Message("B31", "已公布的数能推出个人：{leak}", "what is published tells of people: {leak}", "在 people.csv 中把有关指标的 by_district 改为 no 或减少 decimals，重新生成；不得发布", "set by_district to no or fewer decimals for it in people.csv and build again; it must not be released")
# fmt: on


def messages() -> dict[str, Message]:
    """Return every message of the package by its code, in the order of this module."""
    return {one.code: one for one in globals().values() if isinstance(one, Message)}
